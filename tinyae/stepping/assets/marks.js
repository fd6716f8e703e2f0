// Which numbers of a step have to do with the one that is followed.

/** The number that is followed: the place it belongs to, and its index there. */
let followed = null;

/** Whether an array of a step holds the followed number itself. */
function holds(entry) {
  const array = tape.arrays[entry.array];
  return followed !== null && entry.place === followed.place && entry.place !== "" &&
    array.shape.length === followed.index.length &&
    followed.index.every((position, axis) => position < array.shape[axis]);
}

/**
 * For an array of a step: a function from an index to 2 for the followed number itself, 1 for
 * one that takes part in it or that it takes part in, and 0 for all others.
 */
function marksOf(step, entry) {
  if (followed === null) return () => 0;
  if (holds(entry)) {
    return (index) => Number(index.every((position, axis) => position === followed.index[axis])) * 2;
  }
  const own = step.arrays.find((other) => holds(other) && other.axes);
  if (!own || !entry.axes) return () => 0;
  const takesPart = entry.axes === "*" || own.axes === "*"
    ? sameElement(own, entry)
    : agreement(step, own, entry);
  return (index) => Number(takesPart(index));
}

/** Element by element: the same index, or the same number in another shape. */
function sameElement(own, entry) {
  const [from, to] = [own, entry].map((one) => tape.arrays[one.array].shape);
  const size = (shape) => shape.reduce((product, length) => product * length, 1);
  if (own.axes !== entry.axes || size(from) !== size(to)) return () => false;
  const rank = rankOf(from, followed.index);
  return (index) => rankOf(to, index) === rank;
}

/** Letter by letter: what both have must agree; a window ties h and w to i and j. */
function agreement(step, own, entry) {
  const fixed = {};
  [...own.axes].forEach((letter, axis) => { fixed[letter] = followed.index[axis]; });
  const tests = [...entry.axes].map((letter) => testOf(letter, fixed, step.window));
  if (!tests.some(Boolean)) return () => false;
  return (index) => tests.every((test, axis) => !test || index[axis] === undefined || test(index[axis]));
}

const PARTNER = { h: "i", w: "j", i: "h", j: "w" };

/** What the position at a letter must satisfy, or null. */
function testOf(letter, fixed, windows) {
  if (letter in fixed) return (position) => position === fixed[letter];
  const partner = PARTNER[letter];
  const rule = windows[letter] || windows[partner];
  if (!rule || !(partner in fixed)) return null;
  const [size, stride, border] = rule;
  const sees = (step, place) => {
    const offset = place + border - step * stride;
    return offset >= 0 && offset < size;
  };
  const known = fixed[partner];
  return letter in windows ? (place) => sees(known, place) : (step) => sees(step, known);
}

/** The products that add up to the followed number in this step, or null. */
function termsOf(step) {
  const result = step.arrays.find((entry) => holds(entry) && step.sums[entry.name]);
  if (!result) return null;
  const entries = Object.fromEntries(step.arrays.map((entry) => [entry.name, entry]));
  const fixed = {};
  [...result.axes].forEach((letter, axis) => { fixed[letter] = followed.index[axis]; });
  const terms = [];
  for (const product of step.sums[result.name]) {
    const factors = product.map((name) => entries[name]).filter(Boolean);
    if (factors.length < product.length) continue;
    terms.push(...productTerms(factors, fixed));
  }
  return { result, terms };
}

/** Every product of one sum, as lists of {name, index, value}. */
function productTerms(factors, fixed) {
  const lengths = {};
  for (const factor of factors) {
    const { shape } = tape.arrays[factor.array];
    [...factor.axes].forEach((letter, axis) => {
      if (!(letter in fixed)) lengths[letter] = shape[axis];
    });
  }
  let settings = [{ ...fixed }];
  for (const [letter, length] of Object.entries(lengths)) {
    settings = settings.flatMap((one) =>
      Array.from({ length }, (_, position) => ({ ...one, [letter]: position })));
  }
  return settings.map((setting) => factors.map((factor) => {
    const index = [...factor.axes].map((letter) => setting[letter]);
    return { name: factor.name, index, value: valueAt(tape.arrays[factor.array], index) };
  }));
}
