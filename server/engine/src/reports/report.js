"use strict";
const buttons = document.querySelectorAll("[data-show]");
const empty = (box) => !box.querySelector(".step:not([hidden])");
for (const button of buttons) {
  button.addEventListener("click", () => {
    const wanted = button.dataset.show;
    for (const other of buttons) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    for (const step of document.querySelectorAll(".step")) {
      step.hidden = wanted !== "" && !step.classList.contains(wanted);
    }
    for (const box of document.querySelectorAll(".part, .row")) {
      box.hidden = wanted !== "" && empty(box);
    }
    document.getElementById("nothing").hidden = wanted === "" || !empty(document);
  });
}
const openTarget = () => {
  const target = document.getElementById(location.hash.slice(1));
  let details = target && target.querySelector("details");
  while (details) {
    details.open = true;
    details = details.parentElement.closest("details");
  }
};
addEventListener("hashchange", openTarget);
openTarget();
