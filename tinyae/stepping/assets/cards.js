// An array on a card: its name, its facts, and its numbers as a table or as a picture.

const AS_TABLE = { rows: 16, columns: 16, numbers: 160 };
const ROLES = {
  inputs: "goes in", parameters: "parameter", outputs: "comes out", gradients: "gradient",
  remembered: "remembered",
};

/** Everything about one array of a step. */
function cardOf(step, entry, width) {
  const array = tape.arrays[entry.array];
  const title = element("h3", {}, entry.name);
  if (entry.role) title.append(element("span", { class: "role" }, roleOf(step, entry)));
  const card = element("section", { class: "card", "aria-label": entry.name }, title);
  if (entry.role) card.dataset.role = entry.role;
  card.append(element("p", {}, factsOf(array)));
  const [rows, columns] = tableSize(array);
  const complete = !array.kept;
  const fits = complete && rows <= AS_TABLE.rows && columns <= AS_TABLE.columns &&
    rows * columns <= AS_TABLE.numbers && array.size.length <= 2;
  const view = fits ? tableOf(step, entry, array) : pictureOf(step, entry, array, width);
  card.append(element("div", { class: "window" }, view));
  return card;
}

function roleOf(step, entry) {
  if (step.phase === "backward" && entry.role === "inputs") return "comes in from behind";
  if (step.phase === "backward" && entry.role === "outputs") return "goes on to the front";
  return ROLES[entry.role];
}

function factsOf(array) {
  const { min, max, mean, std, zeros, not_finite: missing } = array.statistics;
  const total = array.shape.reduce((product, length) => product * length, 1);
  const parts = [`${array.shape.length ? array.shape.join(" × ") : "one number"} ${array.dtype}`];
  if (total > 1 && min !== null) {
    parts.push(`${written(min)} … ${written(max)}`, `mean ${written(mean)}`, `std ${written(std)}`);
    if (zeros) parts.push(`${zeros.toLocaleString("en")} zeros`);
  }
  if (missing) parts.push(`${missing.toLocaleString("en")} NaN or infinite`);
  if (array.kept) parts.push(`shown: ${shownOf(array)}`);
  return parts.join(" · ");
}

/** Which part of a large array was kept, in words. */
function shownOf(array) {
  return array.kept.map((kept, axis) => {
    if (!kept) return "";
    const { length } = kept;
    const total = array.shape[axis];
    return kept[length - 1] === length - 1 ? `the first ${length} of ${total}` : `${length} of ${total}, evenly`;
  }).filter(Boolean).join(" × ");
}

function tableSize(array) {
  const size = array.size;
  if (size.length < 2) return [1, size.length ? size[0] : 1];
  return [size.slice(0, -1).reduce((product, length) => product * length, 1), size[size.length - 1]];
}

function follow(entry, index) {
  followed = { place: entry.place, index, name: entry.name };
  refresh();
}
