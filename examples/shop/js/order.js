// The order page: what was bought, and a receipt to download.

import { findProduct } from "./products.js";
import { byId, h } from "./site.js";
import { money, orders } from "./store.js";

const order = orders.find(new URLSearchParams(location.search).get("id"));

const items = () =>
  order.lines.map(({ id, finish, quantity }) => {
    const product = findProduct(id);
    const name = finish ? `${product.name} (${finish})` : product.name;
    return { text: `${quantity} × ${name}`, price: money(product.price * quantity) };
  });

function receipt() {
  const lines = [
    "DA CAPO",
    `Receipt for order ${order.id}`,
    "",
    ...items().map(({ text, price }) => `${text.padEnd(40)}${price.padStart(10)}`),
    "",
    `${"Discount".padEnd(40)}${money(order.totals.discount).padStart(10)}`,
    `${"Delivery".padEnd(40)}${money(order.totals.shipping).padStart(10)}`,
    `${"Gift wrap".padEnd(40)}${money(order.totals.wrapping).padStart(10)}`,
    `${"Total".padEnd(40)}${money(order.totals.total).padStart(10)}`,
    "",
    `Paid by card ending in ${order.lastFour}`,
    `To ${order.name}, ${order.address}`,
    "",
  ];
  return new Blob([lines.join("\n")], { type: "text/plain" });
}

function show() {
  document.title = `Order ${order.id} – Da Capo`;
  byId("order").hidden = false;
  byId("thanks").textContent = `Thank you, ${order.name.split(" ")[0]}.`;
  byId("number").textContent = order.id;
  byId("email").textContent = order.email;
  byId("delivery").textContent = `${order.delivery}: ${order.date}`;
  byId("address").textContent = order.address;
  byId("card").textContent = `Card ending in ${order.lastFour}`;
  byId("note-row").hidden = !order.note;
  byId("note").textContent = order.note;
  byId("total").textContent = money(order.totals.total);
  byId("items").append(
    ...items().map(({ text, price }) => h("li", {}, h("span", {}, text), h("span", {}, price))),
  );
  byId("receipt").href = URL.createObjectURL(receipt());
  byId("receipt").download = `receipt-${order.id}.txt`;
}

if (order) show();
else byId("missing").hidden = false;
