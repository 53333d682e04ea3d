// Checkout: validation with messages beside the fields, and a payment frame.

import { findProduct } from "./products.js";
import { byId, h } from "./site.js";
import { DELIVERY, account, cart, money, orders } from "./store.js";

const form = byId("checkout");
const fields = form.elements;
const frame = byId("payment");

const RULES = {
  email: (value) => (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? "" : "Enter an email address such as anna@example.com."),
  name: (value) => (value ? "" : "Enter your full name."),
  street: (value) => (value ? "" : "Enter your street and number."),
  postcode: (value) => (/^[A-Za-z0-9 -]{4,8}$/.test(value) ? "" : "Enter a postal code of 4 to 8 characters."),
  city: (value) => (value ? "" : "Enter your city."),
  country: (value) => (value ? "" : "Choose a country."),
  date: (value) => (value && value > today() ? "" : "Choose a delivery date after today."),
  terms: () => (fields.terms.checked ? "" : "Accept the terms of sale to go on."),
};

/** Today in the visitor's own time zone, as a date field writes it. */
const today = () => new Date().toLocaleDateString("sv-SE");

function check(name) {
  const problem = RULES[name](fields[name].value.trim());
  const note = byId(`${name}-error`);
  fields[name].toggleAttribute("aria-invalid", Boolean(problem));
  if (problem) fields[name].setAttribute("aria-invalid", "true");
  note.textContent = problem;
  return problem;
}

/** Asks the payment frame to check its fields; it answers with a message. */
function checkPayment() {
  return new Promise((resolve) => {
    const listen = ({ source, data }) => {
      if (source !== frame.contentWindow || data?.type !== "payment") return;
      removeEventListener("message", listen);
      resolve(data);
    };
    addEventListener("message", listen);
    frame.contentWindow.postMessage({ type: "check" }, location.origin);
  });
}

function summarise(problems) {
  const summary = byId("problems");
  summary.hidden = problems.length === 0;
  byId("problems-title").textContent =
    problems.length === 1 ? "Please correct one field." : `Please correct ${problems.length} fields.`;
  byId("problems-list").replaceChildren(
    ...problems.map(([name, text]) => h("li", {}, h("a", { href: `#${name}` }, text))),
  );
  if (problems.length) summary.focus();
}

function showSummary() {
  const totals = cart.totals(fields.delivery.value, fields.wrap.checked);
  byId("summary-lines").replaceChildren(
    ...cart.lines().map(({ id, quantity }) => {
      const product = findProduct(id);
      return h("li", {}, h("span", {}, `${quantity} × ${product.name}`), h("span", {}, money(product.price * quantity)));
    }),
  );
  byId("summary-discount").textContent = totals.discount ? `−${money(totals.discount)}` : "–";
  byId("summary-delivery").textContent = totals.shipping ? money(totals.shipping) : "Free";
  byId("summary-wrap").textContent = totals.wrapping ? money(totals.wrapping) : "–";
  byId("summary-total").textContent = money(totals.total);
  byId("place").textContent = `Place order for ${money(totals.total)}`;
}

async function submit(event) {
  event.preventDefault();
  const problems = Object.keys(RULES).map((name) => [name, check(name)]).filter(([, text]) => text);
  const payment = await checkPayment();
  if (!payment.valid) problems.push(["payment", "Check your card details."]);
  summarise(problems);
  if (problems.length === 0) placeOrder(payment.lastFour);
}

function placeOrder(lastFour) {
  const button = byId("place");
  button.disabled = true;
  button.textContent = "Placing your order…";
  const details = {
    name: fields.name.value.trim(),
    email: fields.email.value.trim(),
    address: `${fields.street.value.trim()}, ${fields.postcode.value.trim()} ${fields.city.value.trim()}, ${fields.country.value}`,
    delivery: DELIVERY[fields.delivery.value].label,
    date: fields.date.value,
    message: fields.message.value.trim(),
    note: cart.note(),
    lines: cart.lines(),
    totals: cart.totals(fields.delivery.value, fields.wrap.checked),
    lastFour,
  };
  setTimeout(() => {
    location.href = `order.html?id=${orders.place(details)}`;
  }, 400);
}

if (cart.lines().length === 0) {
  byId("nothing").hidden = false;
  form.hidden = true;
} else {
  const user = account.current();
  if (user) {
    fields.email.value = user.email;
    fields.name.value = user.name;
  }
  for (const name of Object.keys(RULES)) {
    fields[name].addEventListener("change", () => check(name));
  }
  form.addEventListener("change", showSummary);
  form.addEventListener("submit", submit);
  showSummary();
}
