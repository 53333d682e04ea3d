// What a failed search tells its reader: the texts on the page that come nearest.

const pairsOf = (text) => {
  const flat = squash(text);
  return Array.from({ length: Math.max(flat.length - 1, 0) }, (_, i) => flat.slice(i, i + 2));
};

// Dice's coefficient over letter pairs: 1 for equal texts, 0 for nothing in common.
function likeness(a, b) {
  const [left, right] = [pairsOf(a), pairsOf(b)];
  if (!left.length || !right.length) return squash(a) === squash(b) ? 1 : 0;
  const rest = [...right];
  const common = left.filter((pair) => {
    const at = rest.indexOf(pair);
    if (at >= 0) rest.splice(at, 1);
    return at >= 0;
  });
  return (2 * common.length) / (left.length + right.length);
}

const NAMED = `${"a,button,summary,option,label,h1,h2,h3,h4,th,td,li,legend,span,p"},` +
  "input,textarea,select,[role],[aria-label],[title],[alt]";
const MOST_LOOKED_AT = 2000;

function nameTexts(element) {
  const texts = [element.getAttribute("aria-label"), element.getAttribute("placeholder"),
    element.getAttribute("title"), element.getAttribute("alt"), element.getAttribute("name"), element.id];
  if (isButtonInput(element)) texts.push(element.value);
  if (element.textContent.length <= 200) texts.push(element.textContent);
  return texts.map(collapse).filter((text) => text && text.length <= 100);
}

// At most five texts of visible elements, nearest first.
function suggestions(target) {
  const wanted = target.hint ?? target.text ?? target.label ?? target.name ?? target.placeholder ??
    target.testId ?? target.id ?? "";
  if (!wanted) return [];
  const best = new Map();
  const elements = searchRoots().flatMap((root) => [...root.querySelectorAll(NAMED)]);
  for (const element of elements.slice(0, MOST_LOOKED_AT)) {
    for (const text of nameTexts(element)) {
      const score = likeness(wanted, text);
      if (score >= 0.4 && score > (best.get(text) ?? 0) && isVisible(element)) best.set(text, score);
    }
  }
  const ranked = [...best].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return ranked.slice(0, 5).map(([text]) => text);
}
