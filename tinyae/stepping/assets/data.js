"use strict";
// The tape as Python wrote it, and its numbers.

const tape = JSON.parse(document.getElementById("tape").textContent);

/** An element with attributes and children; strings become text, never markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** The numbers kept of an array, decoded when somebody first looks at them. */
function numbersOf(array) {
  if (!array.decoded) {
    const text = atob(array.numbers);
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    array.decoded = new Float32Array(bytes.buffer);
  }
  return array.decoded;
}

/** Where in the whole array the number at a place of the kept ones stands: [n, c, h, w]. */
function indexAt(array, flat) {
  const index = new Array(array.size.length);
  for (let axis = array.size.length - 1; axis >= 0; axis -= 1) {
    const position = flat % array.size[axis];
    flat = Math.floor(flat / array.size[axis]);
    const kept = array.kept && array.kept[axis];
    index[axis] = kept ? kept[position] : position;
  }
  return index;
}

/** The other way round; -1 for a number that was not kept. */
function flatOf(array, index) {
  if (index.length !== array.shape.length) return -1;
  let flat = 0;
  for (let axis = 0; axis < index.length; axis += 1) {
    const kept = array.kept && array.kept[axis];
    const position = kept ? kept.indexOf(index[axis]) : index[axis];
    if (position < 0 || position >= array.size[axis]) return -1;
    flat = flat * array.size[axis] + position;
  }
  return flat;
}

/** The number at an index of the whole array, or undefined. */
function valueAt(array, index) {
  const flat = flatOf(array, index);
  return flat < 0 ? undefined : numbersOf(array)[flat];
}

/** How many numbers the whole array has before an index: the same after reshaping. */
function rankOf(shape, index) {
  return index.reduce((rank, position, axis) => rank * shape[axis] + position, 0);
}

/** A number in few characters; with digits, in more of them. */
function written(value, digits = 3) {
  if (value === undefined || value === null) return "?";
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e5) return String(value).replace("-", "−");
  const size = Math.abs(value);
  const far = size >= 1e5 || size < 1e-3;
  const text = far ? value.toExponential(digits - 2) : String(Number(value.toPrecision(digits)));
  return text.replaceAll("-", "−");
}

/** A number in a cell of a table: three decimals at most. */
function brief(value) {
  const size = Math.abs(value);
  if (size >= 0.001 && size < 10 && !Number.isInteger(value)) return value.toFixed(3).replace("-", "−");
  return size && size < 0.001 ? written(value, 2) : written(value);
}

/** Such as "weight[3, 1]". */
function named(name, index) {
  return index.length ? `${name}[${index.join(", ")}]` : name;
}
