// What every page shares: header, footer, the search shortcut, short notices.

import { categories } from "./products.js";
import { account, cart, reset } from "./store.js";

/** Builds an element: `h("p", { class: "note" }, "text", child)`. Text is never read as HTML. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Says something once, to eyes and to screen readers, and takes it away again. */
export function notify(message) {
  const notice = byId("notice");
  notice.textContent = message;
  notice.classList.add("shown");
  clearTimeout(notify.timer);
  notify.timer = setTimeout(() => notice.classList.remove("shown"), 4000);
}

const searchField = () =>
  h("input", {
    id: "search",
    type: "search",
    name: "q",
    placeholder: "Search the shop",
    autocomplete: "off",
    "aria-keyshortcuts": "/",
    "data-testid": "search",
  });

const menu = () =>
  h(
    "div",
    { class: "menu" },
    h("a", { href: "index.html", "aria-haspopup": "true", "data-testid": "shop-menu" }, "Shop"),
    h(
      "ul",
      { "aria-label": "Categories" },
      categories.map((name) =>
        h("li", {}, h("a", { href: `index.html?category=${encodeURIComponent(name)}` }, name)),
      ),
    ),
  );

function header() {
  const user = account.current();
  return h(
    "header",
    { class: "site-header" },
    h("a", { class: "skip", href: "#main" }, "Skip to content"),
    h("a", { class: "brand", href: "index.html" }, h("img", { src: "img/icon.svg", alt: "" }), "Da Capo"),
    h("nav", { "aria-label": "Shop" }, menu()),
    h(
      "form",
      { class: "search", role: "search", action: "index.html" },
      h("label", { class: "hidden-label", for: "search" }, "Search"),
      searchField(),
      h("kbd", { "aria-hidden": "true" }, "/"),
    ),
    h(
      "a",
      { class: "to-account", href: "account.html", "data-testid": "account-link" },
      user ? `Hello, ${user.name.split(" ")[0]}` : "Account",
    ),
    h(
      "a",
      { class: "to-cart", href: "cart.html" },
      "Cart ",
      h("span", { class: "count", "data-testid": "cart-count" }, String(cart.count())),
    ),
  );
}

function footer() {
  const forget = () => {
    if (!confirm("Reset the demo? Cart, wish list and orders will be forgotten.")) return;
    reset();
    location.href = "index.html";
  };
  return h(
    "footer",
    { class: "site-footer" },
    h("p", {}, "Da Capo is a demo shop. Nothing here is for sale, and nothing leaves this browser."),
    h(
      "p",
      {},
      h("a", { href: "terms.html" }, "Terms of sale"),
      " · ",
      h("button", { type: "button", class: "plain", onclick: forget }, "Reset the demo"),
    ),
  );
}

function focusSearchOnSlash(event) {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  byId("search").select();
}

document.body.prepend(header());
document.body.append(
  footer(),
  h("p", { id: "notice", class: "notice", role: "status", "data-testid": "notice" }),
);
addEventListener("keydown", focusSearchOnSlash);
addEventListener("shop:change", () => {
  document.querySelector("[data-testid=cart-count]").textContent = String(cart.count());
});
