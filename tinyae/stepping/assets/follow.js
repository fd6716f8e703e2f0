// The list of what the followed number is in each step, and how it comes about in this one.

const MOST_TERMS = 24;
const NOUNS = { before: "value before", after: "value after" };

/** Every array of every step that holds the followed number. */
function appearances() {
  const found = [];
  tape.steps.forEach((step, at) => {
    for (const entry of step.arrays) {
      if (entry.role === "remembered" && step.phase !== "update") continue;
      if (holds(entry)) {
        const value = valueAt(tape.arrays[entry.array], followed.index);
        found.push({ number: at + 1, step, entry, value });
      }
    }
  });
  return found;
}

function showFollowed(step, number) {
  const now = document.getElementById("followed-now");
  const list = document.getElementById("followed-list");
  now.replaceChildren();
  list.replaceChildren();
  document.getElementById("followed-hint").hidden = followed !== null;
  document.getElementById("unfollow").hidden = followed === null;
  document.getElementById("follow-line").textContent = followed === null ? "" : summaryOf(step);
  if (followed === null) return;
  now.append(element("p", { class: "value" }, named(followed.place, followed.index)));
  now.append(...explanation(step));
  for (const one of appearances()) {
    const link = element("a", { href: `#step=${one.number}`, "data-step": one.number },
      `${one.number} · ${one.step.phase}`,
      element("code", {}, `${NOUNS[one.entry.name] || one.entry.name} = ${written(one.value, 5)}`));
    if (one.number === number) link.setAttribute("aria-current", "step");
    list.append(element("li", {}, link));
  }
  const current = list.querySelector("[aria-current]");
  const panel = document.getElementById("followed");
  if (current && panel.scrollHeight > panel.clientHeight) {
    panel.scrollTop = current.offsetTop - panel.clientHeight / 2;
  }
}

/** The followed number in this step, on one line. */
function summaryOf(step) {
  const name = named(followed.place, followed.index);
  const here = step.arrays.filter((entry) => holds(entry) && entry.role !== "remembered").map((entry) =>
    `${entry.name} = ${written(valueAt(tape.arrays[entry.array], followed.index), 4)}`);
  return `${name}: ${here.join(", ") || "not in this step"}`;
}

/** How the number comes about in this step: a sum written out, or its partners. */
function explanation(step) {
  const sum = termsOf(step);
  if (sum) return [sumParagraph(sum)];
  const partners = step.arrays.filter((entry) => entry.axes === "*" && !holds(entry));
  const lines = [];
  for (const entry of step.arrays.filter(holds)) lines.push(valueLine(entry, followed.index));
  if (!lines.length) return [element("p", {}, "Not in this step.")];
  for (const entry of partners) {
    const array = tape.arrays[entry.array];
    const mark = marksOf(step, entry);
    const length = numbersOf(array).length;
    for (let flat = 0; flat < length; flat += 1) {
      const index = indexAt(array, flat);
      if (mark(index)) {
        lines.push(valueLine(entry, index));
        break;
      }
    }
  }
  return [element("p", {}, "In this step:"), ...lines];
}

function valueLine(entry, index) {
  const value = valueAt(tape.arrays[entry.array], index);
  return element("p", {}, element("code", {}, `${named(entry.name, index)} = ${written(value, 5)}`));
}

function sumParagraph({ result, terms }) {
  const value = valueAt(tape.arrays[result.array], followed.index);
  const shown = terms.slice(0, MOST_TERMS).map((factors) =>
    factors.map((factor) => bracketed(factor.value)).join("·"));
  const more = terms.length > MOST_TERMS ? ` + … (${terms.length} terms)` : "";
  const names = [...new Set(terms.map((factors) => factors.map((f) => f.name).join(" · ")))];
  return element("div", {},
    element("p", {}, `${named(result.name, followed.index)} is a sum over ${names.join(" + ")}:`),
    element("p", {}, element("code", {}, `${shown.join(" + ")}${more} = ${written(value, 5)}`)));
}

function bracketed(value) {
  const text = written(value);
  return value < 0 ? `(${text})` : text;
}
