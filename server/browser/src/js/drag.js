// HTML drag and drop. Not every browser drags when its pointer is moved by command: Firefox begins
// to and never drops, so it is kept from beginning. Then the page gets the events of a drag from
// here, and it must accept the drop.

let dragWatch = null;

const dropsByCommand = !("mozInnerScreenX" in window);

const DRAG_SIGNS = ["pointerdown", "mousedown", "mousemove", "dragstart"];

// Watches what becomes of the next drag of an element that was found before; tells where it is.
function watchDrag({ handle }) {
  const element = remembered.get(handle);
  if (!element?.isConnected) return {};
  dragWatch?.stop();
  const watch = { source: draggableOf(element), start: pointOf(element), presses: [], begun: false };
  const listen = (event) => {
    if (event.type === "dragstart") began(watch, event);
    else if (event.type !== "mousemove") watch.presses.push(event);
    // Some pages make an element draggable only when it is pressed.
    watch.source ??= draggableOf(element);
  };
  watch.stop = () => {
    for (const name of DRAG_SIGNS) removeEventListener(name, listen, { capture: true });
  };
  for (const name of DRAG_SIGNS) addEventListener(name, listen, { capture: true });
  dragWatch = watch;
  return watch.start;
}

function began(watch, event) {
  if (dropsByCommand) return void (watch.begun = true);
  event.preventDefault();
  event.stopImmediatePropagation();
}

function draggableOf(element) {
  let at = element;
  while (at && !at.draggable) at = parentOf(at);
  return at;
}

// After the pointer has been lifted: `end` is where, if that is in this document. The answer tells
// whether the drag was done `byScript`, and why it `failed`.
async function endDrag({ end }) {
  if (!dragWatch) return {};
  const { source, start, presses, begun, stop } = dragWatch;
  stop();
  dragWatch = null;
  const isPagesOwn = presses.some((event) => event.defaultPrevented);
  if (begun || isPagesOwn || !source?.isConnected) return {};
  if (!end) return { failed: `this browser cannot drag ${describe(source)} to another frame` };
  return dragByScript(source, start, end);
}

async function dragByScript(source, start, end) {
  const dataTransfer = new DataTransfer();
  const send = (target, type, { x, y }, cancelable = true) => target.dispatchEvent(new DragEvent(type, {
    bubbles: true, cancelable, composed: true, view: window, dataTransfer, clientX: x, clientY: y,
  }));
  // A page that cancels the start drags by pointer events alone, and has had them.
  if (!send(source, "dragstart", start)) return {};
  // The page may show places for the drop only now.
  await nextFrame();
  send(source, "drag", end);
  const target = deepElementAt(end);
  const isAccepted = target !== null && (send(target, "dragenter", end), !send(target, "dragover", end));
  if (isAccepted) send(target, "drop", end);
  else if (target) send(target, "dragleave", end, false);
  send(source, "dragend", end, false);
  if (isAccepted) return { byScript: describe(source) };
  const place = target ? describe(target) : "the outside of the page";
  return { failed: `this browser cannot drag ${describe(source)} itself, and ${place} accepts no drop by script` };
}
