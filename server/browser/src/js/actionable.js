// Whether an element can be acted on now, and where: scrolled into view, standing still, enabled
// and hit by the pointer.

// Whether the page is in motion. Watched from the moment the script is in the document, so that an
// action need not wait two frames on a page that stands still. One change is no motion: what it
// does to the layout is done. Changes in two frames running are. What the page does at once in
// answer to a press or a key is not counted.
const motion = { before: -Infinity, last: -Infinity, input: -Infinity };

const INPUT_EVENTS = ["pointerdown", "pointerup", "pointermove", "click", "keydown", "keyup", "input"];
const SAME_FRAME_MS = 8;
const AT_ONCE_MS = 5;
const REST_MS = 60;

function watchMotion() {
  const changed = () => {
    const now = performance.now();
    if (now - motion.input < AT_ONCE_MS || now - motion.last < SAME_FRAME_MS) return;
    [motion.before, motion.last] = [motion.last, now];
  };
  new MutationObserver(changed).observe(document, {
    subtree: true, childList: true, characterData: true,
    attributes: true, attributeFilter: ["style", "class", "hidden", "open", "width", "height"],
  });
  const listen = { capture: true, passive: true };
  addEventListener("scroll", changed, listen);
  for (const name of INPUT_EVENTS) {
    addEventListener(name, () => (motion.input = performance.now()), listen);
  }
}

function mayMove(element) {
  if (document.readyState !== "complete") return true;
  if (performance.now() - motion.before < REST_MS) return true;
  return (document.getAnimations?.() ?? []).some((animation) =>
    animation.playState === "running" && composedContains(animation.effect?.target, element));
}

// A frame, or 50 ms in a tab that draws none.
const nextFrame = () =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, 50);
    requestAnimationFrame(() => { clearTimeout(timer); resolve(); });
  });

const sameBox = (a, b) =>
  a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

// Whether the element has the same box for two frames, if there is any reason to doubt it.
async function standsStill(element) {
  if (!mayMove(element)) return true;
  const before = element.getBoundingClientRect();
  await nextFrame();
  const between = element.getBoundingClientRect();
  await nextFrame();
  return sameBox(before, between) && sameBox(between, element.getBoundingClientRect());
}

function isDisabled(element) {
  if (element.matches(":disabled")) return true;
  for (let at = element; at; at = parentOf(at)) {
    if (at.getAttribute("aria-disabled") === "true") return true;
  }
  return false;
}

const isReadOnly = (element) =>
  element.readOnly === true || element.getAttribute("aria-readonly") === "true";

// The reason why the element cannot be acted on, or null.
function obstacle(element, checks) {
  if (checks.visible && !isVisible(element)) {
    return { reason: "NOT_VISIBLE", detail: `${describe(element)} is not visible` };
  }
  if (checks.enabled && isDisabled(element)) {
    return { reason: "NOT_ENABLED", detail: `${describe(element)} is disabled` };
  }
  if (checks.editable && isReadOnly(element)) {
    return { reason: "NOT_EDITABLE", detail: `${describe(element)} is read-only` };
  }
  return null;
}

// The part of the element's first box that lies in the viewport decides where it is clicked: a
// link broken over two lines has an empty middle.
function clickBox(element) {
  const boxes = [...element.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
  if (!boxes.length) return element.getBoundingClientRect();
  const display = getComputedStyle(element).display;
  return display === "inline" ? boxes[0] : element.getBoundingClientRect();
}

const POSITIONS = {
  "top-left": [0, 0], top: [0.5, 0], "top-right": [1, 0],
  left: [0, 0.5], center: [0.5, 0.5], right: [1, 0.5],
  "bottom-left": [0, 1], bottom: [0.5, 1], "bottom-right": [1, 1],
};

// The point of the element at `position`, one pixel inside its edges.
function pointOf(element, position = "center") {
  const box = clickBox(element);
  const [left, top] = POSITIONS[position] ?? POSITIONS.center;
  const inset = (start, size, share) =>
    size <= 2 ? start + size / 2 : Math.min(Math.max(start + size * share, start + 1), start + size - 1);
  return { x: inset(box.left, box.width, left), y: inset(box.top, box.height, top) };
}

const inViewport = ({ x, y }) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;

// Scrolls only if the point cannot be hit where it is. Whether a frame itself can be seen is not
// known inside it: there the browser decides, and scrolls the pages around the frame as well.
function bringIntoView(element, position) {
  const point = pointOf(element, position);
  const hittable = inViewport(point) && hits(element, point);
  if (!hittable) element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  else if (window !== window.top) {
    element.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
  }
}

// The innermost element at a point, through open shadow roots.
function deepElementAt({ x, y }) {
  let hit = document.elementFromPoint(x, y);
  while (hit?.shadowRoot) {
    const inner = hit.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === hit) break;
    hit = inner;
  }
  return hit;
}

// Whether what is hit belongs to the element: itself, something in it, or its label.
function belongs(hit, element) {
  for (let at = hit; at; at = parentOf(at)) {
    if (at === element) return true;
    if (at.tagName === "LABEL" && at.control === element) return true;
  }
  return false;
}

const hits = (element, point) => belongs(deepElementAt(point), element);

// What covers the element at the point, or null.
function coveredBy(element, point) {
  const hit = deepElementAt(point);
  return belongs(hit, element) ? null : hit ? describe(hit) : "nothing: the point is outside the page";
}

// Watches the next presses of the pointer: whether they reach the element, and whether they make
// the page leave for another document. A press that would hit something else, because the page has
// moved in the last moment, is stopped before the page sees it; the caller then tries again.
const guard = { listen: null, stop: null, report: null };

const POINTER_EVENTS = ["pointerdown", "mousedown", "pointerup", "mouseup", "click", "dblclick",
  "auxclick", "contextmenu"];

// Listens before the page does, so that the page can hide no press. A page that is written anew by
// script loses its listeners; listening twice is the same as once.
function watchPresses() {
  for (const name of POINTER_EVENTS) addEventListener(name, onPress, { capture: true });
}

const onPress = (event) => event.isTrusted && guard.listen?.(event);

// A gesture of which no end is seen, because it ends in another frame, is over so long after its
// beginning.
const LONGEST_GESTURE_MS = 250;

// How long after a press the form that it has submitted may take to make the page leave: one that
// opens another tab never does.
const LONGEST_SUBMIT_MS = 150;

// In the next task, before the page is drawn where the browser has such tasks.
const soon = (task) => globalThis.scheduler?.postTask
  ? scheduler.postTask(task, { priority: "user-blocking" }) : setTimeout(task);

function guardPress(element, presses) {
  guard.stop?.();
  watchPresses();
  let landed;
  let hit = "the page";
  let lifted = 0;
  let departure = null;
  let submitted = false;
  let tell;
  guard.report = new Promise((resolve) => (tell = resolve));
  guard.listen = (event) => {
    if (landed === undefined) {
      const [target] = event.composedPath();
      landed = target instanceof Element && belongs(target, element);
      if (target instanceof Element) hit = describe(target);
      // One that has missed is kept from the page to its end.
      if (landed) setTimeout(stop, LONGEST_GESTURE_MS);
      else tell({ landed, hit });
    }
    // The last click comes in the same task as the lifting of the button: the watch ends after it,
    // or with it if the click itself can no longer make the page leave.
    if (event.type === "mouseup" && ++lifted >= presses) soon(stop);
    if (landed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const depart = (event) => {
    if (event.destination.sameDocument || event.downloadRequest !== null) return;
    departure = event;
    if (lifted >= presses) soon(stop);
  };
  // A form is sent in a later task.
  const submit = (event) => (submitted ||= !event.defaultPrevented);
  const done = (event) => {
    if (lifted >= presses && departure === null && !mayLead(event)) stop();
  };
  const stop = () => {
    if (guard.stop !== stop) return;
    if (submitted && departure === null) {
      submitted = false;
      setTimeout(stop, LONGEST_SUBMIT_MS);
      return;
    }
    guard.listen = guard.stop = null;
    removeEventListener("submit", submit);
    removeEventListener("click", done);
    globalThis.navigation?.removeEventListener("navigate", depart);
    tell({ landed, hit, over: lifted >= presses, leaves: departure !== null && isUnderWay(departure) });
  };
  globalThis.navigation?.addEventListener("navigate", depart);
  addEventListener("click", done);
  addEventListener("submit", submit);
  guard.stop = stop;
}

// Whether what the browser does with a click, once the page is done with it, may be to leave.
const mayLead = (click) => !click.defaultPrevented && click.composedPath().some((at) =>
  at instanceof Element && at.matches("a[href], area[href], button, input[type=submit], input[type=image], label") && !isInert(at));

// A button of no form does nothing by itself.
const isInert = (element) =>
  element.tagName === "BUTTON" && (element.type !== "submit" || element.form === null);

// Not when the page has cancelled the navigation, or serves it by itself without another document.
const isUnderWay = (navigate) => !navigate.defaultPrevented && navigation.transition === null;

// What the press has hit, once that is known: {landed, hit, over, leaves}. Nothing when no press comes: a
// caller over the classic protocol cannot take the question back.
async function pressed() {
  const late = new Promise((resolve) => setTimeout(resolve, REPORT_MS));
  return JSON.stringify((await Promise.race([guard.report, late])) ?? {});
}

const REPORT_MS = 900;
