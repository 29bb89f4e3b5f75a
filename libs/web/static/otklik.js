// What JavaScript adds to pages that work without it: focus on the error summary, a count of letters left, one click = one sending,
// what happens to the open card meanwhile, all rows of a table chosen at once.
import { initAll } from "asset:govuk-frontend.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

for (const all of document.querySelectorAll("[data-all]")) {
  const boxes = [...document.querySelectorAll(`input[type=checkbox][form="${all.form.id}"]`)];
  const follow = () => boxes.forEach((box) => (box.checked = all.checked));
  if (all.checked) follow(); // ticked before this script came
  all.addEventListener("change", follow);
  for (const box of boxes) box.addEventListener("change", () => (all.checked = boxes.every((each) => each.checked)));
}

for (const card of document.querySelectorAll("[data-live]")) {
  const [others, names, changed] = ["others", "names", "changed"].map((part) => card.querySelector(`[data-live-${part}]`));
  new EventSource(card.dataset.live).addEventListener("news", (event) => {
    const news = JSON.parse(event.data);
    names.textContent = news.others.join(", ");
    others.hidden = news.others.length === 0;
    changed.hidden = news.version <= Number(card.dataset.version);
  });
}
