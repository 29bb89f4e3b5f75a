// A sheet is printed from the browser's own menu, too: the button only saves the way to it.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
