// The payment frame. It keeps the card number to itself: the shop around it
// learns only whether the details are good, and the last four digits.

const form = document.getElementById("card");
const { number, expiry, cvc } = form.elements;

const digits = (text) => text.replace(/\D/g, "");

/** The Luhn check that every card number passes. */
function luhn(card) {
  const sum = [...card].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return card.length >= 13 && sum % 10 === 0;
}

function inFuture(text) {
  const [, month, year] = /^(\d\d)\s*\/\s*(\d\d)$/.exec(text) ?? [];
  return month >= 1 && month <= 12 && new Date(2000 + Number(year), Number(month)) > new Date();
}

const RULES = {
  number: () => (luhn(digits(number.value)) ? "" : "This card number is not valid."),
  expiry: () => (inFuture(expiry.value) ? "" : "Enter a month that is still to come, as MM/YY."),
  cvc: () => (/^\d{3,4}$/.test(cvc.value) ? "" : "Enter the 3 or 4 digits."),
};

function check(name) {
  const problem = RULES[name]();
  form.elements[name].setAttribute("aria-invalid", String(Boolean(problem)));
  document.getElementById(`${name}-error`).textContent = problem;
  return !problem;
}

number.addEventListener("input", () => {
  number.value = digits(number.value).slice(0, 16).replace(/(.{4})(?=.)/g, "$1 ");
});
for (const name of Object.keys(RULES)) {
  form.elements[name].addEventListener("change", () => check(name));
}

addEventListener("message", ({ source, data }) => {
  if (source !== parent || data?.type !== "check") return;
  const valid = Object.keys(RULES).map(check).every(Boolean);
  parent.postMessage({ type: "payment", valid, lastFour: digits(number.value).slice(-4) }, location.origin);
});
