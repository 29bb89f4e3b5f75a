// What JavaScript adds to pages that work without it: focus on the error summary, a count of letters left, one click = one sending.
import { initAll } from "asset:govuk-frontend.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
