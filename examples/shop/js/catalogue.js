// The catalogue page: search, filters, order.

import { categories, products } from "./products.js";
import { byId, h, notify } from "./site.js";
import { cart, money } from "./store.js";

const form = byId("filters");
const search = byId("search");
const address = new URLSearchParams(location.search);

const ORDERS = {
  featured: () => 0,
  cheap: (a, b) => a.price - b.price,
  dear: (a, b) => b.price - a.price,
  name: (a, b) => a.name.localeCompare(b.name, "en"),
};

/** Without case and accents: "Études" is found by "etudes". */
const plain = (text) =>
  text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase().trim();

function matching() {
  const wanted = plain(search.value);
  const category = form.elements.category.value;
  const highest = Number(form.elements.highest.value) * 100 || Infinity;
  return products
    .filter((product) => plain(`${product.name} ${product.summary}`).includes(wanted))
    .filter((product) => category === "All" || product.category === category)
    .filter((product) => product.price <= highest)
    .filter((product) => product.stock > 0 || !form.elements.instock.checked)
    .sort(ORDERS[form.elements.order.value]);
}

function card(product) {
  const link = `product.html?id=${product.id}`;
  const add = () => {
    cart.add(product.id, 1, product.finishes[0] ?? "");
    notify(`${product.name} added to your cart.`);
  };
  return h(
    "li",
    { class: "card", "data-testid": "product-card", "data-category": product.category },
    h("a", { class: "picture", href: link, tabindex: "-1", "aria-hidden": "true" },
      h("img", { src: `img/${product.id}.svg`, alt: "", width: 240, height: 180 })),
    h("p", { class: "eyebrow" }, product.category),
    h("h3", {}, h("a", { href: link }, product.name)),
    h("p", { class: "summary" }, product.summary),
    h("p", { class: "price", "data-testid": "price" }, money(product.price)),
    h(
      "button",
      {
        type: "button",
        disabled: product.stock === 0,
        "aria-label": `${product.stock ? "Add to cart" : "Sold out"}: ${product.name}`,
        onclick: add,
      },
      product.stock ? "Add to cart" : "Sold out",
    ),
  );
}

function show() {
  const found = matching();
  byId("products").replaceChildren(...found.map(card));
  byId("count").textContent = found.length === 1 ? "1 product" : `${found.length} products`;
  byId("nothing").hidden = found.length > 0;
  byId("nothing-for").textContent = search.value;
  rememberInAddress();
}

function rememberInAddress() {
  const query = new URLSearchParams();
  if (search.value) query.set("q", search.value);
  if (form.elements.category.value !== "All") query.set("category", form.elements.category.value);
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
}

byId("categories").append(
  ...["All", ...categories].map((name) =>
    h("label", { class: "pill" },
      h("input", { type: "radio", name: "category", value: name, checked: name === "All" }), name),
  ),
);
search.value = address.get("q") ?? "";
for (const radio of form.elements.category) {
  if (radio.value === address.get("category")) radio.checked = true;
}

search.form.addEventListener("submit", (event) => event.preventDefault());
search.addEventListener("input", show);
for (const kind of ["input", "change"]) form.addEventListener(kind, show);
form.addEventListener("submit", (event) => event.preventDefault());
byId("clear").addEventListener("click", () => {
  form.reset();
  search.value = "";
  show();
});
show();
