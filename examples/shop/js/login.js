// The login page. The users are in README.md.

import { byId } from "./site.js";
import { account } from "./store.js";

const form = byId("login");
const message = byId("message");
const { username, password } = form.elements;

function fail(text, field) {
  message.textContent = text;
  message.hidden = false;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

/** Only pages of this shop may be named as the next one. */
function nextPage() {
  const next = new URLSearchParams(location.search).get("next") ?? "";
  return /^[a-z]+\.html$/.test(next) ? next : "account.html";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  message.hidden = true;
  for (const field of [username, password]) field.removeAttribute("aria-invalid");
  if (!username.value.trim()) return fail("Please enter your username.", username);
  if (!password.value) return fail("Please enter your password.", password);
  const problem = account.logIn(username.value.trim(), password.value);
  if (problem) return fail(problem, password);
  location.href = nextPage();
});

byId("reveal").addEventListener("click", ({ currentTarget }) => {
  const hide = password.type === "text";
  password.type = hide ? "password" : "text";
  currentTarget.textContent = hide ? "Show" : "Hide";
  currentTarget.setAttribute("aria-label", `${currentTarget.textContent} password`);
});
