// What the page shows: text, visibility, names and paths of elements.
//
// Everything here only reads the document. White space is collapsed wherever text is compared,
// because a person cannot see the difference between one space and a line break in the source.

const collapse = (text) => String(text ?? "").replace(/[\s\u00a0\u200b]+/g, " ").trim();

// Without any white space and in lower case: a cheap test that can only err towards "maybe".
const squash = (text) => String(text ?? "").replace(/[\s\u00a0\u200b]+/g, "").toLowerCase();

const UNSEEN = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "HEAD", "TITLE", "META", "LINK"]);

// The document and every open shadow root in it, outermost first. Closed shadow roots cannot be
// reached by any script.
function searchRoots() {
  const roots = [document];
  for (let i = 0; i < roots.length; i++) {
    for (const element of roots[i].querySelectorAll("*")) {
      if (element.shadowRoot) roots.push(element.shadowRoot);
    }
  }
  return roots;
}

const parentOf = (node) =>
  node.parentElement ?? (node.getRootNode() instanceof ShadowRoot ? node.getRootNode().host : null);

// Like Node.contains, but through shadow roots.
function composedContains(ancestor, node) {
  for (let at = node; at; at = parentOf(at)) if (at === ancestor) return true;
  return false;
}

function isRendered(element) {
  if (element.checkVisibility) return element.checkVisibility({ visibilityProperty: true });
  const style = getComputedStyle(element);
  return style.visibility === "visible" && element.getClientRects().length > 0;
}

const hasBox = (element) => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0;
};

// Visible: it has a size, and neither it nor an ancestor is hidden. An element without a box of
// its own (display: contents, or a zero-height wrapper) is as visible as its children.
function isVisible(element) {
  if (!element.isConnected) return false;
  if (element.tagName === "OPTION" || element.tagName === "OPTGROUP") {
    const select = element.closest("select");
    return select ? isVisible(select) : false;
  }
  if (element.tagName === "BODY" || element === document.documentElement) return true;
  if (isRendered(element)) return hasBox(element) || anyChildVisible(element);
  return getComputedStyle(element).display === "contents" && anyChildVisible(element);
}

// Visible itself, or through its label: a styled checkbox hides the real one.
const isReachable = (element) => isVisible(element) || [...(element.labels ?? [])].some(isVisible);

function anyChildVisible(element) {
  for (const child of (element.shadowRoot ?? element).children) {
    if (!UNSEEN.has(child.tagName) && isVisible(child)) return true;
  }
  return false;
}

const isFormField = (element) => /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
const isButtonInput = (element) =>
  element.tagName === "INPUT" && /^(button|submit|reset|image)$/.test(element.type);

// The element's text as a user sees it. Text of an element that is not rendered is taken from
// the document, so that hidden elements can be compared too.
function visibleText(element) {
  if (element.shadowRoot && !element.textContent.trim()) {
    return [...element.shadowRoot.children].map(visibleText).join(" ").trim();
  }
  const text = element.innerText ?? element.textContent ?? "";
  return text.replace(/\u00a0/g, " ").trim();
}

// An element's value: the content of a form field, otherwise its visible text.
function valueOf(element) {
  if (element.tagName === "SELECT") {
    return [...element.selectedOptions].map((option) => collapse(option.text)).join(", ");
  }
  if (isFormField(element)) return element.value;
  return visibleText(element);
}

// The texts that label a form control: its <label>s and what aria-labelledby points to.
function labelTexts(element) {
  const labels = [...(element.labels ?? [])].map((label) => visibleText(label) || label.textContent);
  return [...labels, ...labelledByTexts(element)].map(collapse).filter(Boolean);
}

function labelledByTexts(element) {
  const ids = element.getAttribute("aria-labelledby");
  if (!ids) return [];
  const root = element.getRootNode();
  const parts = ids.split(/\s+/).map((id) => root.getElementById?.(id)?.textContent ?? "");
  return [collapse(parts.join(" "))];
}

// A label reads "Name:" or "Name *" where the test says "Name".
const bareLabel = (text) => collapse(text).replace(/[\s:*]+$/, "");

// The accessible name, near enough to the standard for finding an element by role and name.
function accessibleName(element) {
  const named = labelledByTexts(element)[0] || collapse(element.getAttribute("aria-label"));
  if (named) return named;
  const label = labelTexts(element)[0];
  if (label) return label;
  if (isButtonInput(element)) return collapse(element.value || element.alt || element.type);
  if (element.tagName === "IMG") return collapse(element.alt || element.title);
  const own = isFormField(element) ? "" : collapse(visibleText(element) || element.textContent);
  return own || collapse(element.title || element.getAttribute("placeholder"));
}

const ROLES = [
  ["a[href],area[href]", "link"],
  ["button,summary,input[type=button],input[type=submit],input[type=reset],input[type=image]", "button"],
  ["input[type=checkbox]", "checkbox"],
  ["input[type=radio]", "radio"],
  ["input[type=range]", "slider"],
  ["input[type=number]", "spinbutton"],
  ["input[type=search]", "searchbox"],
  ["select:not([multiple]):not([size])", "combobox"],
  ["select", "listbox"],
  ["textarea,input:not([type]),input[type=text],input[type=email],input[type=tel],input[type=url],input[type=password]", "textbox"],
  ["option", "option"],
  ["h1,h2,h3,h4,h5,h6", "heading"],
  ["img", "img"],
  ["nav", "navigation"],
  ["main", "main"],
  ["form", "form"],
  ["table", "table"],
  ["tr", "row"],
  ["td", "cell"],
  ["th", "columnheader"],
  ["ul,ol", "list"],
  ["li", "listitem"],
  ["dialog", "dialog"],
  ["progress", "progressbar"],
  ["article", "article"],
  ["aside", "complementary"],
  ["header", "banner"],
  ["footer", "contentinfo"],
];

function roleOf(element) {
  const explicit = (element.getAttribute("role") ?? "").trim().split(/\s+/)[0];
  if (explicit) return explicit.toLowerCase();
  const entry = ROLES.find(([selector]) => element.matches(selector));
  return entry ? entry[1] : "";
}

// A CSS path that finds exactly this element again within its root.
function cssPath(element) {
  const root = element.getRootNode();
  const unique = (selector) => root.querySelectorAll(selector).length === 1;
  const parts = [];
  for (let at = element; at && at.nodeType === 1; at = at.parentElement) {
    const anchor = anchorSelector(at, unique);
    if (anchor) return [anchor, ...parts].join(" > ");
    parts.unshift(positionSelector(at));
  }
  return parts.join(" > ");
}

function anchorSelector(element, unique) {
  if (element.id && unique(`#${CSS.escape(element.id)}`)) return `#${CSS.escape(element.id)}`;
  for (const name of TEST_ID_ATTRIBUTES) {
    const value = element.getAttribute(name);
    if (value && unique(`[${name}=${CSS.escape(value)}]`)) return `[${name}=${CSS.escape(value)}]`;
  }
  return null;
}

function positionSelector(element) {
  const tag = CSS.escape(element.localName);
  const siblings = [...(element.parentElement?.children ?? [])];
  const same = siblings.filter((other) => other.localName === element.localName);
  return same.length > 1 ? `${tag}:nth-of-type(${same.indexOf(element) + 1})` : tag;
}

const clip = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

// A short description for people: <button id="go" class="primary">.
function describe(element) {
  const shown = ["id", "name", "type", "role", "class"].map((name) => {
    const value = element.getAttribute?.(name);
    return value ? ` ${name}="${clip(value, 40)}"` : "";
  });
  return `<${element.localName}${shown.join("")}>`;
}
