// Comparing what the page shows with what a test expects.

// A number as people write it: currency signs, spaces and group separators do not count.
function toNumber(text) {
  let digits = String(text ?? "").replace(/[^\d.,+\-eE]/g, "").replace(/^[eE.,]+|[eE.,]+$/g, "");
  const [dot, comma] = [digits.lastIndexOf("."), digits.lastIndexOf(",")];
  if (dot >= 0 && comma >= 0) {
    const group = dot > comma ? /,/g : /\./g;
    digits = digits.replace(group, "").replace(",", ".");
  } else if (comma >= 0) {
    digits = /^[+-]?\d{1,3}(,\d{3})+$/.test(digits) ? digits.replace(/,/g, "") : digits.replace(",", ".");
  } else if (digits.split(".").length > 2) {
    digits = digits.replace(/\./g, "");
  }
  return digits === "" ? NaN : Number(digits);
}

// "/abc/i" or "abc".
function toRegExp(source) {
  const slashed = /^\/(.*)\/([dgimsuvy]*)$/s.exec(source);
  return slashed ? new RegExp(slashed[1], slashed[2].replace(/[gy]/g, "")) : new RegExp(source);
}

// A comparison that cannot be made; `code` says whose fault it is.
class Unfit extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

function numbers(actual, expected) {
  const [a, b] = [toNumber(actual), toNumber(expected)];
  if (Number.isNaN(b)) throw new Unfit("EXPECTED", `the expected value "${expected}" is not a number`);
  if (Number.isNaN(a)) throw new Unfit("NOT_A_NUMBER", `the value ${quote(actual)} is not a number`);
  return [a, b];
}

function matches(actual, expected) {
  try {
    return toRegExp(expected).test(actual);
  } catch (error) {
    throw new Unfit("BAD_PATTERN", `the pattern "${expected}" is not a regular expression: ${error.message}`);
  }
}

const numeric = (test) => (actual, expected) => test(...numbers(actual, expected));

const COMPARISONS = {
  equals: (a, b) => collapse(a) === collapse(b),
  "not-equals": (a, b) => collapse(a) !== collapse(b),
  contains: (a, b) => collapse(a).includes(collapse(b)),
  "not-contains": (a, b) => !collapse(a).includes(collapse(b)),
  "starts-with": (a, b) => collapse(a).startsWith(collapse(b)),
  "ends-with": (a, b) => collapse(a).endsWith(collapse(b)),
  less: numeric((a, b) => a < b),
  "less-or-equal": numeric((a, b) => a <= b),
  greater: numeric((a, b) => a > b),
  "greater-or-equal": numeric((a, b) => a >= b),
  matches: (a, b) => matches(String(a), b),
};

const quote = (value) => (value === null || value === undefined ? "absent" : `"${clip(String(value), 200)}"`);

// {data} when the comparison holds, else {again} with why. An absent value differs from every
// expected one. What the test itself has wrong is final: it will not mend by waiting.
function compared(actual, { how, expected }, shown) {
  const differs = { reason: "DIFFERENT", detail: shown, actual };
  if (actual === null || actual === undefined) {
    return how === "not-equals" ? { data: { actual: null } } : { again: differs };
  }
  try {
    return COMPARISONS[how](actual, expected) ? { data: { actual } } : { again: differs };
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    const reason = error.code === "EXPECTED" ? "NOT_A_NUMBER" : error.code;
    return { again: { reason, detail: error.message, actual, final: error.code !== "NOT_A_NUMBER" } };
  }
}
