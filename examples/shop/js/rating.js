// <star-rating>: five stars in an open shadow root, by pointer or keyboard.

const STYLE = `
  fieldset { border: 0; margin: 0; padding: 0; display: flex; align-items: center; gap: .15rem; }
  legend { float: left; margin-right: .6rem; }
  button { all: unset; cursor: pointer; font-size: 1.6rem; line-height: 1; color: var(--line); padding: .1rem; }
  button.on { color: var(--gold); }
  button:focus-visible { outline: 2px solid var(--accent); border-radius: 4px; }
`;

class StarRating extends HTMLElement {
  connectedCallback() {
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = `<style>${STYLE}</style><fieldset><legend>Your rating</legend></fieldset>`;
    for (let stars = 1; stars <= 5; stars++) {
      const star = document.createElement("button");
      star.type = "button";
      star.textContent = "★";
      star.setAttribute("aria-label", stars === 1 ? "1 star" : `${stars} stars`);
      star.addEventListener("click", () => this.choose(stars));
      root.querySelector("fieldset").append(star);
    }
    this.paint();
  }

  get value() {
    return Number(this.getAttribute("value")) || 0;
  }

  choose(stars) {
    this.setAttribute("value", stars);
    this.paint();
    this.dispatchEvent(new CustomEvent("change", { detail: stars, bubbles: true }));
  }

  paint() {
    this.shadowRoot.querySelectorAll("button").forEach((star, index) => {
      star.classList.toggle("on", index < this.value);
      star.setAttribute("aria-pressed", String(index + 1 === this.value));
    });
  }
}

customElements.define("star-rating", StarRating);
