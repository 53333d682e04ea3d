// One product: choices, cart, wish list, rating, and reviews that come late.

import "./rating.js";
import { findProduct } from "./products.js";
import { byId, h, notify } from "./site.js";
import { cart, money, ratings, wishes } from "./store.js";

const REVIEWS_ARRIVE_AFTER_MS = 800;

const product = findProduct(new URLSearchParams(location.search).get("id"));
if (product) show();
else byId("missing").hidden = false;

function show() {
  document.title = `${product.name} – Da Capo`;
  byId("product").hidden = false;
  byId("crumb").textContent = product.category;
  byId("crumb").href = `index.html?category=${encodeURIComponent(product.category)}`;
  byId("name").textContent = product.name;
  byId("price").textContent = money(product.price);
  byId("stock").textContent = stockWords();
  byId("stock").classList.toggle("low", product.stock < 5);
  byId("description").textContent = product.description;
  byId("picture").src = `img/${product.id}.svg`;
  byId("picture").alt = `Drawing of ${product.name}`;
  showFinishes();
  wireBuying();
  wireWish();
  wireRating();
  setTimeout(showReviews, REVIEWS_ARRIVE_AFTER_MS);
}

function stockWords() {
  if (product.stock === 0) return "Sold out";
  return product.stock < 5 ? `Only ${product.stock} left` : "In stock";
}

function showFinishes() {
  byId("finish").hidden = product.finishes.length === 0;
  byId("finishes").append(
    ...product.finishes.map((finish, index) =>
      h("label", { class: "pill" },
        h("input", { type: "radio", name: "finish", value: finish, checked: index === 0 }), finish),
    ),
  );
}

function wireBuying() {
  const form = byId("buy");
  byId("add").disabled = product.stock === 0;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const quantity = Number(form.elements.quantity.value);
    cart.add(product.id, quantity, form.elements.finish?.value ?? "");
    notify(`${quantity} × ${product.name} added to your cart.`);
  });
}

function wireWish() {
  const button = byId("wish");
  const paint = () => {
    const wished = wishes.has(product.id);
    button.textContent = wished ? "On your wish list" : "Add to wish list";
    button.setAttribute("aria-pressed", String(wished));
  };
  button.addEventListener("click", () => {
    wishes.toggle(product.id);
    paint();
  });
  paint();
}

function wireRating() {
  const widget = byId("rating");
  const say = (stars) => {
    byId("rated").textContent = stars ? `You gave ${stars} of 5 stars.` : "";
  };
  widget.setAttribute("value", ratings.of(product.id));
  widget.paint();
  say(ratings.of(product.id));
  widget.addEventListener("change", ({ detail }) => {
    ratings.save(product.id, detail);
    say(detail);
  });
}

function showReviews() {
  byId("reviews-status").textContent = `${product.reviews.length} reviews`;
  byId("reviews").append(
    ...product.reviews.map((review) =>
      h("li", { "data-testid": "review" },
        h("p", { class: "stars", role: "img", "aria-label": `${review.stars} of 5 stars` }, "★".repeat(review.stars)),
        h("blockquote", {}, review.text),
        h("p", { class: "author" }, review.author)),
    ),
  );
  byId("reviews").setAttribute("aria-busy", "false");
}
