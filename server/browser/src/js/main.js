// The entry: finds a target, waits until it is ready, does one operation, and reports how.
//
// `run` takes and returns JSON text. It polls in the page, frame by frame, so that waiting for an
// element costs no round trips. The answer's `status` is
//   done     the operation was done; `data` is its result
//   blocked  the target was found but was not ready in time; `reason` and `detail` say why
//   none     nothing matches; `suggestions` are the nearest texts

async function run(json) {
  const request = JSON.parse(json);
  const tryOnce = request.page ? () => onPage(request) : (since) => attempt(request, since);
  return JSON.stringify(await waitFor(request, tryOnce), wellFormed);
}

// Half a surrogate pair is legal in JavaScript and in no other language's text.
const wellFormed = (_, value) => (typeof value === "string" && value.toWellFormed ? value.toWellFormed() : value);

// Tries until the result is `done` or the time is up, and returns the last result.
async function waitFor({ waitMs = 0 }, tryOnce) {
  const start = performance.now();
  const since = { covered: null };
  for (;;) {
    const begun = performance.now();
    const result = await tryOnce(since);
    const spent = performance.now() - begun;
    const left = waitMs - (performance.now() - start);
    if (result.status === "done" || result.final || left <= 0) return result;
    // On a page so large that a try takes long, leave the page three times as long to itself.
    if (spent > 20) await new Promise((done) => setTimeout(done, Math.min(3 * spent, left)));
    else await nextFrame();
  }
}

async function attempt(request, since) {
  if (request.count) return counted(request);
  const match = resolve(request.target, request.need);
  const report = { ...reportOf(match), failed: match.failed };
  if (!match.elements.length) return absent(request, report);
  if (request.absent) return present(request, match, report);
  const element = match.elements[0];
  const blocked = obstacle(pressable(element), request.checks ?? {});
  if (blocked) return { status: "blocked", ...blocked, report };
  match.since = since.covered ??= performance.now();
  const outcome = await OPERATIONS[request.op](element, { checks: {}, ...request.params }, match);
  if (outcome.again) {
    if (outcome.again.reason !== "COVERED") since.covered = null;
    return { status: "blocked", ...outcome.again, report };
  }
  return { status: "done", data: outcome.data, handle: remember(element), report };
}

// Nothing matches. A selector that cannot be read never will; a target of the wrong kind might be
// replaced by the right one.
function absent(request, report) {
  const unreadable = report.failed.length > 0 && report.failed.every((selector) => selector.invalid);
  if (unreadable) return { status: "none", final: true, report };
  if (request.absent) return { status: "done", data: {}, report };
  if (!request.suggest) return { status: "none", report };
  const [other] = request.need === "any" && !request.target.kind ? []
    : resolve({ ...request.target, kind: undefined }, "any").elements;
  return {
    status: "none", report, wrong: other && describe(other), suggestions: suggestions(request.target),
  };
}

// For "does not exist" and "is hidden".
function present(request, match, report) {
  const offending = request.absent === "visible" ? match.elements.filter(isVisible) : match.elements;
  if (!offending.length) return { status: "done", data: {}, report };
  const word = request.absent === "visible" ? "visible" : "there";
  return { status: "blocked", reason: "PRESENT", detail: `${describe(offending[0])} is ${word}`, report };
}

// Counts the visible elements of the winning selector.
function counted({ target, need }) {
  const match = resolve(target, need);
  const count = match.elements.filter(isVisible).length;
  return { status: "done", data: { value: count }, report: { ...reportOf(match), failed: match.failed } };
}

function reportOf(match) {
  if (!match.elements.length) return { count: 0 };
  const [element] = match.elements;
  const { x, y, width, height } = element.getBoundingClientRect();
  const equal = match.elements.filter(isReachable).length;
  return {
    selector: { kind: match.kind, value: match.value }, rule: match.rule, similarity: match.similarity,
    element: clip(`${describe(element)} ${collapse(valueOf(element))}`.trim(), 512),
    fallback: match.fallback === true, count: match.elements.length, equal, ambiguous: equal > 1 && match.chosen !== true,
    box: { x, y, width, height },
  };
}

// Questions about the page instead of an element.
const PAGE = {
  url: () => location.href,
  title: () => document.title,
  text: () => visibleText(document.body ?? document.documentElement),
};

async function onPage({ page, params = {} }) {
  if (page === "state") return { status: "done", data: pageState() };
  if (page === "scroll") return scrollPage(params);
  if (page === "frames") return { status: "done", data: { names: frameElements().map((f) => [f.name, f.id]) } };
  if (page === "compare") {
    const outcome = compared(params.actual, params, `it is ${quote(params.actual)}`);
    return outcome.data ? { status: "done", ...outcome } : { status: "blocked", ...outcome.again };
  }
  if (page === "watchDrag") return { status: "done", data: watchDrag(params) };
  if (page === "endDrag") return { status: "done", data: await endDrag(params) };
  if (page === "history") return { status: "done", data: historyState() };
  if (page === "frameHit") return { status: "done", data: frameHit(params) };
  const actual = PAGE[page]();
  if (!params.how) return { status: "done", data: { value: actual } };
  const shown = page === "text" ? "the page does not show it" : `the ${page} is ${quote(actual)}`;
  const outcome = compared(actual, params, shown);
  return outcome.data ? { status: "done", ...outcome } : { status: "blocked", ...outcome.again };
}

const pageState = () => ({
  url: location.href, title: document.title, ready: document.readyState,
  width: innerWidth, height: innerHeight, x: scrollX, y: scrollY,
});

// Tells one entry of the history from another, even when both have the same address.
const historyState = () => ({
  url: location.href, loaded: performance.timeOrigin, state: String(JSON.stringify(history.state)),
  ready: document.readyState,
});

// Where a point of a frame lies in this document, and what covers the frame there.
function frameHit({ index, x, y }) {
  const frame = frameElements()[index];
  if (!frame) return {};
  const box = frame.getBoundingClientRect();
  const style = getComputedStyle(frame);
  const point = {
    x: box.left + frame.clientLeft + parseFloat(style.paddingLeft) + x,
    y: box.top + frame.clientTop + parseFloat(style.paddingTop) + y,
  };
  const outside = !inViewport(point);
  return { ...point, outside, covered: outside ? null : coveredBy(frame, point), pageX: point.x + scrollX, pageY: point.y + scrollY };
}

function scrollPage({ to, x = 0, y = 0 }) {
  const root = document.scrollingElement ?? document.documentElement;
  const left = { top: scrollX, bottom: scrollX, position: x, by: scrollX + x }[to];
  const top = { top: 0, bottom: root.scrollHeight, position: y, by: scrollY + y }[to];
  window.scrollTo({ left, top, behavior: "instant" });
  return { status: "done", data: { x: scrollX, y: scrollY } };
}

// The last elements that were acted on, for a caller that needs the element itself afterwards.
const remembered = new Map();
let lastHandle = 0;

function remember(element) {
  remembered.set(++lastHandle, element);
  remembered.delete(lastHandle - 8);
  return lastHandle;
}

watchMotion();
watchPresses();
globalThis[Symbol.for("etude.resolver")] = {
  run,
  pressed,
  unguard: () => guard.stop?.() ?? "",
  element: (handle) => remembered.get(Number(handle)) ?? null,
  frames: () => frameElements().map((frame) => frame.contentWindow),
  frameAt: (index) => frameElements()[Number(index)] ?? null,
};
