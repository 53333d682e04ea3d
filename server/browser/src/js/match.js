// Which elements a target means. docs/targets.md states the rule; keep the two in step.
//
// A target is tried selector by selector. The first selector that matches anything wins; the
// others that were tried before it are reported as failed. Matching never depends on time or
// chance: the same document always gives the same order of candidates.

const TEST_ID_ATTRIBUTES = ["data-testid", "data-test-id", "data-test", "data-cy"];

const CLICKABLE =
  "a[href],button,summary,label,option,input,select,textarea,[onclick],[role=button],[role=link]," +
  "[role=tab],[role=menuitem],[role=option],[role=checkbox],[role=radio],[role=switch]," +
  "[role=treeitem],[role=combobox],[contenteditable=''],[contenteditable=true]";

// Elements whose own text names what a user acts on. A <label> is not one: it names its control.
const ACTIONABLE =
  "a,button,summary,option,[onclick],[role=button],[role=link],[role=tab],[role=menuitem]," +
  "[role=menuitemcheckbox],[role=menuitemradio],[role=option],[role=checkbox],[role=radio]," +
  "[role=switch],[role=treeitem],[role=combobox]";

const UNTYPED_INPUTS = /^(checkbox|radio|button|submit|reset|image|file|hidden)$/;
const isEditable = (element) =>
  element.tagName === "TEXTAREA" ||
  element.isContentEditable ||
  (element.tagName === "INPUT" && !UNTYPED_INPUTS.test(element.type));
const isCheckable = (element) =>
  (element.tagName === "INPUT" && /^(checkbox|radio)$/.test(element.type)) ||
  /^(checkbox|radio|switch|menuitemcheckbox|menuitemradio)$/.test(element.getAttribute("role") ?? "");
const isDropdown = (element) =>
  element.tagName === "SELECT" ||
  /^(listbox|combobox)$/.test(element.getAttribute("role") ?? "") ||
  element.getAttribute("aria-haspopup") === "listbox";
const isFileInput = (element) => element.tagName === "INPUT" && element.type === "file";

// What an element must be for a command to make sense on it.
const NEEDS = {
  write: isEditable,
  select: isDropdown,
  check: isCheckable,
  file: isFileInput,
  frame: (element) => /^(IFRAME|FRAME)$/.test(element.tagName),
};

// The words that name a kind of element in a test.
const KINDS = {
  link: (element) => roleOf(element) === "link" || element.tagName === "A",
  button: (element) => roleOf(element) === "button",
  input: isEditable,
  image: (element) => /^(IMG|SVG|PICTURE)$/i.test(element.tagName) || roleOf(element) === "img" ||
    (element.tagName === "INPUT" && element.type === "image"),
  dropdown: isDropdown,
  file: isFileInput,
  checkbox: (element) => /^(checkbox|switch)$/.test(roleOf(element)),
  radio: (element) => roleOf(element) === "radio",
  // Not a word of a test: the options of a listbox that the page has made itself.
  customOption: (element) => element.getAttribute("role") === "option",
};

// Explicit selectors: each returns the elements it finds, in document order.
const LOCATORS = {
  css: (value, roots) => roots.flatMap((root) => [...root.querySelectorAll(value)]),
  xpath: (value) => {
    const found = document.evaluate(value, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE);
    const nodes = Array.from({ length: found.snapshotLength }, (_, i) => found.snapshotItem(i));
    return nodes.map((node) => (node.nodeType === 1 ? node : node.parentElement)).filter(Boolean);
  },
  id: (value, roots) => byAttributes(roots, ["id"], value),
  testId: (value, roots) => byAttributes(roots, TEST_ID_ATTRIBUTES, value),
  role: (value, roots, target) => all(roots).filter((element) =>
    roleOf(element) === value.toLowerCase() && sameName(element, target.name)),
  label: (value, roots) => uniq(byText(value, "*", roots, (element) => labelTexts(element))),
  placeholder: (value, roots) => byText(value, "[placeholder]", roots, (e) => [e.placeholder]),
  text: (value, roots) => withText(value, roots),
};

const all = (roots) => roots.flatMap((root) => [...root.querySelectorAll("*")]);
const uniq = (list) => [...new Set(list)];

function byAttributes(roots, names, value) {
  const quoted = CSS.escape(value);
  const selector = names.map((name) => `[${name}=${quoted}]`).join(",");
  return value === "" ? [] : roots.flatMap((root) => [...root.querySelectorAll(selector)]);
}

function sameName(element, name) {
  if (!name) return true;
  const own = accessibleName(element);
  return own === collapse(name) || own.includes(collapse(name));
}

// Equal texts if there are any, otherwise texts that contain the value.
function byText(value, selector, roots, texts) {
  const wanted = collapse(value);
  const elements = roots.flatMap((root) => [...root.querySelectorAll(selector)]);
  const exact = elements.filter((e) => texts(e).some((t) => bareLabel(t) === bareLabel(wanted)));
  if (exact.length || !wanted) return exact;
  return elements.filter((e) => texts(e).some((t) => collapse(t).includes(wanted)));
}

function withText(value, roots) {
  const wanted = collapse(value);
  const holders = textHolders(wanted, roots);
  const exact = holders.filter((holder) => holder.exact).map((holder) => holder.element);
  const chosen = exact.length ? exact : holders.map((holder) => holder.element);
  return innermost(chosen);
}

// Elements whose text holds the wanted text, found by descending only where it can be. `exact`
// says that the whole text is the wanted one.
function textHolders(wanted, roots) {
  const key = squash(wanted);
  const found = [];
  if (!key) return found;
  const visit = (element) => {
    if (UNSEEN.has(element.tagName) || !squash(element.textContent).includes(key)) return;
    const texts = [collapse(element.textContent), collapse(visibleText(element))];
    if (texts.some((text) => text.includes(wanted))) {
      found.push({ element, exact: texts.includes(wanted), text: texts[1] || texts[0] });
    }
    for (const child of element.children) visit(child);
  };
  for (const root of roots) for (const child of root.children) visit(child);
  return found.filter(({ element }) => element.tagName !== "HTML" && element.tagName !== "BODY");
}

// Drops elements that contain another one of the list: the smallest is what the text names.
function innermost(elements) {
  const holders = new Set();
  for (const element of elements) {
    for (let at = parentOf(element); at; at = parentOf(at)) holders.add(at);
  }
  return elements.filter((element) => !holders.has(element));
}

// The tiers of a hint, best first. Each gives [element, text] pairs when it is asked; a tier's
// text is compared as a whole first, and all tiers again by containment.
function hintTiers(hint, roots, need) {
  const holders = textHolders(hint, roots);
  const attributes = (selector, read) =>
    roots.flatMap((root) => [...root.querySelectorAll(selector)]).map((e) => [e, read(e)]);
  const texts = (filter) => holders.filter(({ element }) => filter(element))
    .map(({ element, text, exact }) => [element, exact ? hint : text]);
  const ids = ["name", "id", ...TEST_ID_ATTRIBUTES].map((name) => `[${name}]`).join();
  return [
    ["visible text", () => texts((element) => element.matches(ACTIONABLE))],
    ["label", () => labelTier(holders, hint, need)],
    ["placeholder", () => attributes("[placeholder]", (e) => e.getAttribute("placeholder"))],
    ["accessible name", () => ariaTier(roots)],
    ["button value", () => attributes("input", (e) => (isButtonInput(e) ? e.value : ""))],
    ["title or alt", () => attributes("[title],[alt]", (e) => [e.getAttribute("title"), e.getAttribute("alt")])],
    ["name, id or test id", () => attributes(ids, idTexts)],
    ["any text", () => texts((element) => !element.matches(`${ACTIONABLE},label`))],
    ["nearby text", () => nearTier(holders, roots, need)],
  ].map(([tier, read]) => [tier, once(read)]);
}

function once(read) {
  let value;
  return () => (value ??= read());
}

const idTexts = (element) =>
  ["name", "id", ...TEST_ID_ATTRIBUTES].map((name) => element.getAttribute(name)).filter(Boolean);

// A label stands for its control; where the control itself cannot be clicked (a styled checkbox
// that is hidden) a click goes to the label, as a user's would.
function labelTier(holders, hint, need) {
  return holders.filter(({ element }) => element.tagName === "LABEL")
    .map(({ element, text, exact }) => {
      const control = element.control;
      const stand = need === "click" && control && !isVisible(control) ? element : control;
      return [stand ?? element, exact || bareLabel(text) === bareLabel(hint) ? hint : text];
    });
}

function ariaTier(roots) {
  return roots.flatMap((root) => [...root.querySelectorAll("[aria-label],[aria-labelledby]")])
    .map((element) => [element, [element.getAttribute("aria-label"), ...labelledByTexts(element)]]);
}

// The first control of the needed kind after a text that no other rule ties to it.
function nearTier(holders, roots, need) {
  const fits = { write: isEditable, select: isDropdown, check: isCheckable, file: isFileInput }[need];
  if (!fits) return [];
  const controls = roots.flatMap((root) => [...root.querySelectorAll("*")]).filter(fits);
  return innermost(holders.map(({ element }) => element)).flatMap((element) => {
    const after = (c) => element.compareDocumentPosition(c) & Node.DOCUMENT_POSITION_FOLLOWING;
    const control = controls.find((c) => after(c) && isVisible(c)) ?? controls.find(after);
    const holder = holders.find((entry) => entry.element === element);
    return control ? [[control, holder.exact ? collapse(holder.text) : holder.text]] : [];
  });
}

// The candidates of a hint: {elements, tier, similarity}, or null. Whole texts come before parts
// of texts, hidden or not, so that a test never acts on "Save as draft" while "Save" is still
// hidden. Within each, the first tier that has a visible element wins, else the first that has
// any.
function matchHint(hint, roots, accept, need) {
  const wanted = collapse(hint);
  if (!wanted) return null;
  const tiers = hintTiers(wanted, roots, need);
  const equal = (text) => collapse(text) === wanted;
  const holds = (text) => collapse(text).includes(wanted);
  return bestTier(tiers, equal, accept, () => 1)
    ?? bestTier(tiers, holds, accept, (element, hits) => similarityOf(element, hits, wanted));
}

function bestTier(tiers, test, accept, similarity) {
  let hidden = null;
  for (const [tier, pairs] of tiers) {
    const hits = pairs().filter(([, text]) => [text].flat().some(test));
    const elements = accept(innermost(hits.map(([element]) => element)));
    if (!elements.length) continue;
    const share = similarity(elements[0], hits);
    const match = { elements, rule: share === 1 ? tier : `${tier}, in part`, similarity: share };
    if (elements.some(isReachable)) return match;
    hidden ??= match;
  }
  return hidden;
}

// How much of the matched text the hint covers: 0.5 for a half, 1 for the whole.
function similarityOf(element, hits, wanted) {
  const texts = hits.filter(([e]) => e === element).flatMap(([, text]) => text).map(collapse);
  const shortest = Math.min(...texts.filter((t) => t.includes(wanted)).map((t) => t.length));
  return Number.isFinite(shortest) ? Math.round((100 * wanted.length) / shortest) / 100 : 0.5;
}

// A hint that is itself an XPath or a simple CSS selector is used as one first.
function selectorInHint(hint) {
  if (/^(\/\/|\/html|\(\/)/.test(hint)) return ["xpath", hint];
  if (/^[#.][A-Za-z_-][\w-]*/.test(hint)) return ["css", hint];
  return null;
}

// How a hint is tried.
function hintSelectors(hint) {
  const inside = selectorInHint(hint);
  return inside ? [inside, ["hint", hint]] : [["hint", hint]];
}

// What a selector is called in a report.
const RULES = {
  css: "CSS", xpath: "XPath", id: "id", testId: "test id", role: "role and name", label: "label",
  placeholder: "placeholder", text: "visible text",
};

// The target's selectors in the order in which they are tried; those of fallbacks are marked.
function selectorsOf(target) {
  const list = Object.keys(LOCATORS).filter((kind) => target[kind]).map((kind) => [kind, target[kind]]);
  for (const [kind, value] of target.selectors ?? []) list.push([kind, value]);
  // Where a stored element has moved, the hint that once found it finds it again.
  if (target.hint) list.push(...hintSelectors(target.hint));
  for (const [kind, value] of target.fallbacks ?? []) {
    const ways = kind === "hint" ? hintSelectors(value) : [[kind, value]];
    list.push(...ways.map((way) => [...way, true]));
  }
  return list;
}

// Resolves a target to {kind, value, fallback, rule, similarity, elements, failed}; elements are ordered best
// first. `elements` is empty when nothing matches.
function resolve(target, need) {
  const roots = searchRoots();
  const accept = acceptor(target, need);
  const failed = [];
  for (const [kind, value, fallback] of selectorsOf(target)) {
    try {
      const match = kind === "hint"
        ? matchHint(value, roots, accept, need)
        : { elements: accept(uniq(LOCATORS[kind](value, roots, target))), rule: RULES[kind], similarity: 1 };
      const elements = pick(order(match?.elements ?? [], target.position), target.nth);
      const chosen = Boolean(target.position || target.nth);
      if (elements.length) return { ...match, kind, value, fallback, elements, failed, chosen };
      failed.push({ kind, value, error: match?.elements.length ? `only ${match.elements.length} match` : "no match" });
    } catch (error) {
      failed.push({ kind, value, error: error.message, invalid: true });
    }
  }
  return { elements: [], failed };
}

// Filters candidates by the kind word and by what the command needs, and moves from a matched
// element to the one that is meant: from a label to its control, from a wrapper to the one field
// in it, from a text to the button around it.
function acceptor(target, need) {
  const kind = KINDS[target.kind];
  const fits = NEEDS[need];
  return (elements) => {
    let list = uniq(elements.map((element) => retarget(element, need, fits)).filter(Boolean));
    if (kind && !(need === "drop" && target.kind === "file")) list = uniq(list.map((element) => ancestorOfKind(element, kind)).filter(Boolean));
    if (need === "drop") list = list.some(isFileInput) ? list.filter(isFileInput) : list;
    return list;
  };
}

function retarget(element, need, fits) {
  if (fits) {
    if (fits(element)) return element;
    if (element.control && fits(element.control)) return element.control;
    const inside = descendants(element).filter(fits);
    return inside.length === 1 ? inside[0] : null;
  }
  if (need === "drop") {
    if (element.control && isFileInput(element.control)) return element.control;
    const inside = descendants(element).filter(isFileInput);
    return inside.length === 1 ? inside[0] : element;
  }
  if (need === "click") return clickableAround(element) ?? element;
  return element;
}

const descendants = (element) => {
  const root = element.shadowRoot ?? element;
  return [...root.querySelectorAll("*")];
};

// A text inside a button means the button; but never leave the text's own short neighbourhood.
function clickableAround(element) {
  for (let at = element, steps = 0; at && steps < 4; at = parentOf(at), steps++) {
    if (at.matches(CLICKABLE)) return at;
  }
  return null;
}

function ancestorOfKind(element, kind) {
  if (kind(element)) return element;
  for (let at = parentOf(element), steps = 0; at && steps < 3; at = parentOf(at), steps++) {
    if (kind(at)) return at;
  }
  return null;
}

// The nth candidate, from 1, or from the end when negative; all of them without a number.
const pick = (elements, nth) => (nth ? elements.slice(...(nth > 0 ? [nth - 1, nth] : [nth, nth + 1 || undefined])) : elements);

// Visible before hidden, then by the position word, else innermost first in document order.
function order(elements, position) {
  const list = elements.map((element) => ({ element, visible: isReachable(element) }));
  const by = position ? byPosition(position) : byNesting;
  list.sort((a, b) => Number(b.visible) - Number(a.visible) || by(a.element, b.element));
  return list.map((entry) => entry.element);
}

function byNesting(a, b) {
  if (a === b) return 0;
  if (composedContains(a, b)) return 1;
  if (composedContains(b, a)) return -1;
  return a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_PRECEDING ? 1 : -1;
}

// How far an element is from the edge or corner that the position words name.
function byPosition(position) {
  const words = position.split(" ");
  const { scrollWidth, scrollHeight } = document.documentElement;
  const distance = (element) => {
    const box = element.getBoundingClientRect();
    const gaps = {
      top: box.top + scrollY, bottom: scrollHeight - box.bottom - scrollY,
      left: box.left + scrollX, right: scrollWidth - box.right - scrollX,
    };
    return Math.hypot(...words.map((word) => gaps[word]));
  };
  return (a, b) => {
    const difference = distance(a) - distance(b);
    return Math.abs(difference) > 1 ? difference : byNesting(a, b);
  };
}
