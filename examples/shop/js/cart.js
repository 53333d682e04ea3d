// The cart: quantities, totals, and the shop's three native dialogs.

import { findProduct } from "./products.js";
import { byId, h, notify } from "./site.js";
import { COUPONS, MOST_OF_ONE, cart, money } from "./store.js";

function line({ id, finish, quantity }, index) {
  const product = findProduct(id);
  const change = (to) => {
    cart.setQuantity(index, to);
    show();
  };
  const step = (label, to) =>
    h("button", {
      type: "button",
      class: "step",
      "aria-label": `${label}: ${product.name}`,
      disabled: to < 1 || to > MOST_OF_ONE,
      onclick: () => change(to),
    }, label === "Fewer" ? "−" : "+");
  const remove = () => {
    if (!confirm(`Remove ${product.name} from your cart?`)) return;
    cart.remove(index);
    show();
    notify(`${product.name} removed.`);
  };
  return h("tr", { "data-testid": "cart-line" },
    h("th", { scope: "row" },
      h("img", { src: `img/${id}.svg`, alt: "", width: 80, height: 60 }),
      h("span", {},
        h("a", { href: `product.html?id=${id}` }, product.name),
        finish && h("small", {}, finish))),
    h("td", {}, money(product.price)),
    h("td", {},
      h("span", { class: "quantity" },
        step("Fewer", quantity - 1),
        h("input", {
          type: "number", min: 1, max: MOST_OF_ONE, value: quantity,
          "aria-label": `Quantity of ${product.name}`,
          onchange: (event) => change(Number(event.target.value)),
        }),
        step("More", quantity + 1))),
    h("td", { "data-testid": "line-total" }, money(product.price * quantity)),
    h("td", {},
      h("button", { type: "button", class: "plain", "aria-label": `Remove ${product.name}`, onclick: remove }, "Remove")));
}

function show() {
  const lines = cart.lines();
  const totals = cart.totals();
  byId("empty").hidden = lines.length > 0;
  byId("full").hidden = lines.length === 0;
  byId("lines").replaceChildren(...lines.map(line));
  byId("subtotal").textContent = money(totals.subtotal);
  byId("discount-row").hidden = totals.discount === 0;
  byId("discount").textContent = `−${money(totals.discount)}`;
  byId("shipping").textContent = totals.shipping ? money(totals.shipping) : "Free";
  byId("total").textContent = money(totals.total);
  byId("note").hidden = !cart.note();
  byId("note-text").textContent = cart.note();
  byId("write-note").textContent = cart.note() ? "Change the gift note" : "Add a gift note";
}

byId("coupon-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = byId("coupon").value.trim().toUpperCase();
  if (!Object.hasOwn(COUPONS, code)) {
    alert(`Sorry, “${code}” is not a coupon of ours.`);
    return;
  }
  cart.setCoupon(code);
  show();
  alert(`Coupon ${code} applied: ${COUPONS[code]} % off.`);
});

byId("write-note").addEventListener("click", () => {
  const text = prompt("What should the gift note say?", cart.note());
  if (text === null) return;
  cart.setNote(text.trim());
  show();
});

byId("empty-cart").addEventListener("click", () => {
  if (!confirm("Remove everything from your cart?")) return;
  cart.clear();
  show();
});

show();
