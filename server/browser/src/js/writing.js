// Writing text into a field.
//
// Plain text is typed here, character by character, with the events of a key press around each:
// keydown, keypress, beforeinput, input, keyup. The characters are inserted by the browser's own
// editing, so that input events are the browser's, `maxlength` holds, undo works and `change` fires
// when the field is left; the key events are ours. Long text, and text with line breaks, tabs or
// characters outside the basic plane, is inserted in one piece, as a paste or an input method does.
// Where a test asks for a pause between keys, the caller presses real keys, and this script only
// puts the focus and the selection where they replace or append.

const MOST_KEYS = 256;
const MOST_EDITED = 4096;
const PLAIN = /^[^\u0000-\u001f\u007f\ud800-\udfff]*$/;

// Fields whose value is picked, not typed; each wants one exact format.
const PICKED = /^(date|time|datetime-local|month|week|color|range)$/;

function write(element, { text, append, keys }) {
  element.focus();
  if (element.tagName === "INPUT" && PICKED.test(element.type)) return writePicked(element, text);
  const root = element.getRootNode();
  if (root.activeElement !== element && !element.contains(root.activeElement)) {
    return again("NOT_FOCUSABLE", `${describe(element)} does not take the focus`);
  }
  if (append) caretToEnd(element);
  else selectContent(element);
  if (text === "") return { data: append || isEmpty(element) ? {} : insert(element, text) };
  if (keys) return { data: { keys: true } };
  const pieces = text.length <= MOST_KEYS && PLAIN.test(text) ? [...text] : [text];
  for (const piece of pieces) insert(element, piece);
  return { data: {} };
}

const isTextField = (element) => element.tagName === "INPUT" || element.tagName === "TEXTAREA";
const isEmpty = (element) => (isTextField(element) ? element.value === "" : !element.textContent);

function selectContent(element) {
  if (isTextField(element)) return element.select();
  getSelection().selectAllChildren(element);
}

function caretToEnd(element) {
  if (!isTextField(element)) {
    getSelection().selectAllChildren(element);
    return getSelection().collapseToEnd();
  }
  // Number and e-mail fields refuse a selection range; for them the value is selected and the
  // selection closed at its end, which every field allows.
  try {
    element.setSelectionRange(element.value.length, element.value.length);
  } catch {
    element.select();
    getSelection().collapseToEnd?.();
  }
}

// Presses one key, or inserts a longer piece with one pair of key events around it.
function insert(element, text) {
  const single = text.length === 1;
  const key = (name) => element.dispatchEvent(new KeyboardEvent(name, {
    bubbles: true, cancelable: true, composed: true, key: single ? text : "Unidentified",
    code: single ? codeOf(text) : "", keyCode: single ? text.toUpperCase().charCodeAt(0) : 229,
  }));
  // A page that cancels the key does not want the character.
  if (key("keydown") && (!single || key("keypress"))) edit(element, text);
  key("keyup");
  return {};
}

const codeOf = (character) =>
  /[a-z]/i.test(character) ? `Key${character.toUpperCase()}` : /\d/.test(character) ? `Digit${character}` : "";

// Replaces the selection, or adds at the caret. The browser fires no beforeinput for a command.
function edit(element, text) {
  const inputType = text === "" ? "deleteContentBackward" : "insertText";
  const wanted = element.dispatchEvent(new InputEvent("beforeinput", {
    bubbles: true, cancelable: true, composed: true, data: text || null, inputType,
  }));
  if (!wanted) return;
  const before = contentOf(element);
  const replaces = hasSelection(element);
  if (text.length <= MOST_EDITED) {
    const done = text === "" ? document.execCommand("delete") : document.execCommand("insertText", false, text);
    if (done || contentOf(element) !== before) return;
  }
  setContent(element, replaces ? text : before + text);
}

const hasSelection = (element) => String(getSelection()).length > 0
  || (isTextField(element) && element.selectionStart !== element.selectionEnd);

const contentOf = (element) => (isTextField(element) ? element.value : element.textContent);

// The way out where editing commands are refused or too slow: sets the value as the framework-proof native
// setter does and says so with an input event.
function setContent(element, text) {
  if (isTextField(element)) {
    const prototype = element.tagName === "INPUT" ? HTMLInputElement : HTMLTextAreaElement;
    Object.getOwnPropertyDescriptor(prototype.prototype, "value").set.call(element, text);
  } else {
    element.textContent = text;
  }
  element.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true, data: text, inputType: "insertText" }));
  element.dispatchEvent(new Event("change", { bubbles: true }));
}

function writePicked(element, text) {
  const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  const before = element.value;
  setter.call(element, text);
  if (text !== "" && element.value !== text && !/^(range|color)$/.test(element.type)) {
    setter.call(element, before);
    return again("BAD_VALUE", `a ${element.type} field does not take "${clip(text, 100)}"; ${PICKED_FORMATS[element.type]}`);
  }
  element.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  element.dispatchEvent(new Event("change", { bubbles: true }));
  return { data: {} };
}

const PICKED_FORMATS = {
  date: "write it as 2031-12-24", time: "write it as 18:30", "datetime-local": "write it as 2031-12-24T18:30",
  month: "write it as 2031-12", week: "write it as 2031-W52",
};
