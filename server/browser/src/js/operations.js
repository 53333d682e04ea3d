// What is done with an element once it has been found. Each operation gets the element, its
// parameters and the match, and returns {data}, or {again: {reason, detail}} when the page is not
// ready for it yet, in which case the search starts over until the time is up.

const again = (reason, detail) => ({ again: { reason, detail } });

const OPERATIONS = {
  // Found is enough.
  exists: () => ({ data: {} }),

  // Where to click or hover. Waits until the element stands still and is not covered.
  async point(element, { position, checks, presses, coverWaitMs }, match) {
    const target = pressable(element);
    bringIntoView(target, position);
    if (checks.stable && !(await standsStill(target))) {
      return again("NOT_STABLE", `${describe(target)} is moving`);
    }
    const point = pointOf(target, position);
    const cover = checks.hit ? coveredBy(target, point) : null;
    if (cover) {
      const waited = performance.now() - match.since;
      const detail = `${cover} covers ${describe(target)} at the point of the click`;
      return waited < coverWaitMs ? again("COVERED", detail) : { data: { covered: cover, ...point } };
    }
    if (checks.guard) guardPress(target, presses);
    return { data: { ...point, checked: checkedState(element) } };
  },

  // A click by script, for an element that something covers.
  forceClick(element) {
    const target = pressable(element);
    target.focus?.({ preventScroll: true });
    target.click();
    return { data: {} };
  },

  focus(element) {
    element.focus();
    const root = element.getRootNode();
    return root.activeElement === element || element.contains(root.activeElement)
      ? { data: {} }
      : again("NOT_FOCUSABLE", `${describe(element)} does not take the focus`);
  },

  // For key presses: an element that takes no focus leaves them to the page.
  focusForKeys(element) {
    element.focus();
    if (element === document.body) document.activeElement?.blur();
    return { data: {} };
  },

  scroll(element, { block, inline }) {
    element.scrollIntoView({ block, inline, behavior: "instant" });
    return { data: {} };
  },

  write: (element, params) => write(element, params),

  select: (element, params) => select(element, params),

  read(element, { what, attribute }) {
    if (what === "attribute") {
      const value = element.getAttribute(attribute);
      return value === null
        ? again("NO_ATTRIBUTE", `${describe(element)} has no attribute "${attribute}"`)
        : { data: { value } };
    }
    if (what === "property" && !("value" in element)) {
      return again("NO_VALUE", `${describe(element)} is not a form field and has no value`);
    }
    return { data: { value: what === "property" ? String(element.value) : valueOf(element) } };
  },

  compare(element, { what, attribute, how, expected }) {
    const actual = what === "attribute" ? element.getAttribute(attribute) : valueOf(element);
    return compared(actual, { how, expected }, `the value is ${quote(actual)}`);
  },

  state: (element, { state, option }) => STATES[state](element, option),

  // What a variable needs to find the element again.
  describe(element, _, match) {
    const hint = match.kind === "hint" ? match.value : "";
    const selectors = [["css", cssPath(element)]];
    return { data: { value: { selectors, hint, text: clip(valueOf(element), 200) } } };
  },

  // The element's box, in the viewport and on the page, for a screenshot of it.
  box(element) {
    element.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    const { x, y, width, height } = element.getBoundingClientRect();
    return { data: { x, y, width, height, pageX: x + scrollX, pageY: y + scrollY } };
  },

  // Whether the element takes files itself or only a drop.
  drop: (element) => ({ data: { input: isFileInput(element), multiple: element.multiple === true } }),

  setFile: (element, params) => setFile(element, params),

  dropFile: (element, params) => dropFile(element, params),

  // The place of a frame element among all frames of its document.
  frame: (element) => ({ data: { index: frameElements().indexOf(element) } }),
};

// A comparison that does not hold is tried again until the time is up, then it is a failure.
const verdict = (holds, detail, actual) =>
  holds ? { data: { actual } } : { again: { reason: "DIFFERENT", detail, actual } };

// A styled checkbox hides the real one: its label is what a user presses.
function pressable(element) {
  if (isVisible(element)) return element;
  return [...(element.labels ?? [])].find(isVisible) ?? element;
}

function checkedState(element) {
  if (element.tagName === "INPUT" && /^(checkbox|radio)$/.test(element.type)) return element.checked;
  const aria = element.getAttribute("aria-checked") ?? element.getAttribute("aria-pressed");
  return aria === null ? null : aria === "true";
}

const STATES = {
  checked(element) {
    const checked = checkedState(element);
    return verdict(checked === true, checked === null ? `${describe(element)} cannot be checked` : "it is not checked");
  },
  unchecked(element) {
    const checked = checkedState(element);
    return verdict(checked === false, checked === null ? `${describe(element)} cannot be checked` : "it is checked");
  },
  visible: (element) => verdict(isVisible(element), `${describe(element)} is not visible`),
  enabled: (element) => verdict(!isDisabled(element), `${describe(element)} is disabled`),
  disabled: (element) => verdict(isDisabled(element), `${describe(element)} is enabled`),
  selected(element, option) {
    if (!option) return verdict(isSelectedOption(element), `${describe(element)} is not selected`);
    const selected = selectedTexts(element);
    const holds = selected.some((texts) => texts.some((text) => collapse(text) === collapse(option)));
    return verdict(holds, `selected is ${selected.map(([text]) => quote(text)).join(", ") || "nothing"}`);
  },
};

const isSelectedOption = (element) =>
  element.tagName === "OPTION" ? element.selected : element.getAttribute("aria-selected") === "true";

// [visible text, value] of every selected option.
function selectedTexts(element) {
  if (element.tagName === "SELECT") {
    return [...element.selectedOptions].map((option) => [option.text, option.value]);
  }
  const options = [...element.querySelectorAll("[role=option][aria-selected=true]")];
  const texts = options.map((option) => [visibleText(option), option.getAttribute("data-value") ?? ""]);
  return texts.length ? texts : [[valueOf(element), ""]];
}

// Chooses an option of a <select> as a user would, with input and change events. Other listboxes
// are opened and clicked by the caller.
function select(element, { text, index }) {
  if (element.tagName !== "SELECT") return { data: { custom: true } };
  const options = [...element.options];
  const option = text !== undefined ? optionByText(options, text) : options[index > 0 ? index - 1 : options.length + index];
  if (!option) {
    const known = options.slice(0, 10).map((o) => quote(collapse(o.text))).join(", ");
    const wanted = text !== undefined ? `option ${quote(text)}` : `option number ${index}`;
    return again("NO_OPTION", `${describe(element)} has no ${wanted}; it has ${options.length}: ${known}`);
  }
  if (option.disabled || option.closest("optgroup")?.disabled) {
    return again("NOT_ENABLED", `option ${quote(option.text)} is disabled`);
  }
  element.focus();
  for (const other of element.multiple ? options : []) other.selected = false;
  option.selected = true;
  for (const name of ["input", "change"]) {
    element.dispatchEvent(new Event(name, { bubbles: true, composed: name === "input" }));
  }
  return { data: { text: collapse(option.text), value: option.value } };
}

function optionByText(options, text) {
  const wanted = collapse(text);
  return options.find((o) => collapse(o.text) === wanted) ?? options.find((o) => collapse(o.label) === wanted)
    ?? options.find((o) => o.value === text);
}

function transferOf({ name, type, base64 }) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  return transfer;
}

// Sets a file on an input whose browser cannot read our files.
function setFile(element, file) {
  element.files = transferOf(file).files;
  for (const name of ["input", "change"]) element.dispatchEvent(new Event(name, { bubbles: true }));
  return { data: {} };
}

// Drops a file on a drop zone with the events that a user's drag fires.
function dropFile(element, file) {
  const transfer = transferOf(file);
  const { x, y } = pointOf(element);
  for (const event of ["dragenter", "dragover", "drop"]) {
    element.dispatchEvent(new DragEvent(event, {
      bubbles: true, cancelable: true, composed: true, clientX: x, clientY: y, dataTransfer: transfer,
    }));
  }
  return { data: {} };
}

const frameElements = () =>
  searchRoots().flatMap((root) => [...root.querySelectorAll("iframe,frame")]);
