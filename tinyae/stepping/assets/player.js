// The film: which step is shown, the controls, and the address of the page.

const find = (id) => document.getElementById(id);
const PAUSE = 1100;
const WIDE_CODE = 56;
let shown = { step: 1, line: -1 };
let player = null;

/** Where the address points: "#step=12", or "#step=12.3" for the third line of it. */
function readAddress() {
  const match = /^#step=(\d+)(?:\.(\d+))?$/.exec(location.hash);
  if (!match) return { step: 1, line: -1 };
  const step = Math.max(1, Math.min(tape.steps.length, Number(match[1])));
  const line = match[2] ? Number(match[2]) - 1 : -1;
  return { step, line: Math.min(line, tape.steps[step - 1].lines.length - 1) };
}

/** Show a step, or a line of it; a new address makes the browser's back button work. */
function go(step, line = -1, replace = false) {
  if (step < 1 || step > tape.steps.length) return;
  shown = { step, line };
  const address = `#step=${step}${line >= 0 ? `.${line + 1}` : ""}`;
  if (location.hash !== address) {
    try {
      history[replace ? "replaceState" : "pushState"](null, "", address);
    } catch { /* a page inside a frame may have no address of its own */ }
  }
  refresh();
}

function forward(replace) { go(shown.step + 1, -1, replace); }
function back(replace) { go(shown.step - 1, -1, replace); }

function lineForward(replace) {
  const { lines } = tape.steps[shown.step - 1];
  if (shown.line + 1 < lines.length) go(shown.step, shown.line + 1, replace);
  else forward(replace);
}

function lineBack(replace) {
  if (shown.line >= 0) go(shown.step, shown.line - 1, replace);
  else if (shown.step > 1) go(shown.step - 1, tape.steps[shown.step - 2].lines.length - 1, replace);
}

function atEnd() {
  const { lines } = tape.steps[shown.step - 1];
  return shown.step === tape.steps.length && shown.line >= lines.length - 1;
}

function play(on) {
  clearInterval(player);
  player = on ? setInterval(() => (atEnd() ? play(false) : lineForward(true)), PAUSE) : null;
  find("play").textContent = on ? "Pause" : "Play";
  find("play").setAttribute("aria-pressed", String(on));
}

/** Draw everything anew for the step that is shown. */
function refresh() {
  const step = tape.steps[shown.step - 1];
  const line = shown.line < 0 ? null : step.lines[shown.line];
  const focus = focusedArray();
  hideTip();
  document.body.dataset.phase = step.phase;
  showCaption(step, line);
  find("scrubber").value = shown.step;
  find("scrubber").setAttribute("aria-valuetext", `step ${shown.step}, ${step.phase}, ${step.path}`);
  find("back").disabled = shown.step === 1;
  find("forward").disabled = shown.step === tape.steps.length;
  for (const id of ["line-back", "line-forward"]) find(id).disabled = !tape.steps.some((s) => s.lines.length);
  light(step);
  showFormulas(step);
  showSource(step, line);
  const width = find("stage").clientWidth;
  showMade(step, line, width);
  find("cards").replaceChildren(...step.arrays.map((entry) => cardOf(step, entry, width)));
  showFollowed(step, shown.step);
  restoreFocus(focus);
}

function showCaption(step, line) {
  const where = [step.path, step.layer].filter(Boolean).join(" ");
  const words = line ? ` — line ${line.number}` : "";
  find("caption").replaceChildren(`Step ${shown.step} of ${tape.steps.length} · `,
    element("b", {}, step.phase), ` · ${where}${words}`);
}

function showFormulas(step) {
  for (const formula of document.querySelectorAll(".formula")) formula.hidden = true;
  for (const number of step.formulas) {
    const formula = find(`formula-${number}`);
    formula.hidden = false;
    formula.parentNode.append(formula);
  }
  const [time, memory] = step.cost;
  find("cost").textContent = time ? `took ${time}, ${memory} of memory at most` : "";
}

function showSource(step, line) {
  const source = step.source === null ? null : tape.sources[step.source];
  find("code-title").textContent = source ? `Code (${source.file})` : "Code";
  const rows = source ? codeOf(source).map(([number, text]) => sourceRow(step, line, number, text)) : [];
  find("source").replaceChildren(...rows);
  const longest = Math.max(0, ...(source ? codeOf(source) : []).map(([, text]) => text.length));
  find("code").classList.toggle("wide", longest > WIDE_CODE);
  const left = step.linesLeftOut ? `${step.linesLeftOut.toLocaleString("en")} more lines ran, which were not kept.` : "";
  const none = step.lines.length ? "" : "Lines were not recorded for this step.";
  find("code-note").textContent = source ? left || none : "There is no source file of this method.";
}

/** The numbered lines of a method, without its docstring. */
function codeOf({ text, first, docstring: [from, to] }) {
  const lines = text.split("\n").map((line, offset) => [first + offset, line]);
  return lines.filter(([number]) => number < from || number > to);
}

function sourceRow(step, line, number, text) {
  const at = step.lines.findIndex((one) => one.number <= number && number <= one.last);
  const now = line && line.number <= number && number <= line.last;
  const row = element("li", {}, element("span", { class: "number" }, String(number)), element("code", {}, text));
  row.className = now ? "ran now" : at >= 0 ? "ran" : step.lines.length ? "idle" : "";
  if (now) row.setAttribute("aria-current", "true");
  if (at >= 0) row.addEventListener("click", () => go(shown.step, at));
  return row;
}

function showMade(step, line, width) {
  find("made").hidden = line === null;
  if (line === null) return;
  const values = Object.entries(line.values).map(([name, value]) => `${name} = ${value}`).join(", ");
  const nothing = line.arrays.length || values ? "" : " no array";
  find("made-title").textContent = `Line ${line.number} made or changed${nothing}${values ? `: ${values}` : ""}`;
  find("made-cards").replaceChildren(...line.arrays.map((entry) => cardOf(step, entry, width - 30)));
}

/** Light the box of the step's layer, and have all boxes lead to the present phase. */
function light(step) {
  const boxes = [...document.querySelectorAll("#network .box")];
  const path = step.path;
  const inside = (box) => box.dataset.path === "" || path.startsWith(`${box.dataset.path}.`);
  const current = boxes.find((box) => box.dataset.path === path) ||
    boxes.filter(inside).pop() || boxes.filter((box) => box.dataset.path.startsWith(`${path}.`)).pop();
  for (const box of boxes) {
    box.classList.toggle("current", box === current);
    box === current ? box.setAttribute("aria-current", "step") : box.removeAttribute("aria-current");
    box.setAttribute("href", `#step=${stepOf(box.dataset.path, step.phase)}`);
  }
  const frame = find("map-window");
  if (current) {
    const [box, window_] = [current.getBoundingClientRect(), frame.getBoundingClientRect()];
    if (box.top < window_.top || box.bottom > window_.bottom) {
      frame.scrollTop += box.top - window_.top - frame.clientHeight / 2;
    }
  }
}

/** The step of a layer in a phase, or its first one. */
function stepOf(path, phase) {
  const belongs = (step) => step.path === path || step.path.startsWith(`${path}.`);
  const numbers = tape.steps.map((step, at) => [step, at + 1]).filter(([step]) => belongs(step));
  const wanted = numbers.find(([step]) => step.phase === phase) || numbers[0];
  return wanted[1];
}

/** Which array has the keyboard, so that it keeps it when the cards are made anew. */
function focusedArray() {
  const card = document.activeElement && document.activeElement.closest("#cards .card");
  if (!card) return null;
  const cells = [...card.querySelectorAll("td, canvas")];
  return [card.getAttribute("aria-label"), cells.indexOf(document.activeElement)];
}

function restoreFocus(focus) {
  if (!focus) return;
  const card = [...document.querySelectorAll("#cards .card")].find((one) => one.getAttribute("aria-label") === focus[0]);
  const cell = card && card.querySelectorAll("td, canvas")[focus[1]];
  if (cell) cell.focus({ preventScroll: true });
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const onControl = event.target.closest("button, summary, a");
  const repeat = event.repeat;
  if (event.key === "ArrowRight") event.shiftKey ? lineForward(repeat) : forward(repeat);
  else if (event.key === "ArrowLeft") event.shiftKey ? lineBack(repeat) : back(repeat);
  else if (event.key === "Home") go(1);
  else if (event.key === "End") go(tape.steps.length);
  else if (event.key === " " && !onControl) play(player === null);
  else return;
  if (event.key !== " ") play(false);
  event.preventDefault();
}

/** Links to a step are followed here: inside a frame the browser would leave the page. */
function clicked(event) {
  const link = event.target.closest("a[href^='#step=']");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  play(false);
  go(Number(link.getAttribute("href").slice(6)));
}

for (const [id, action] of Object.entries({
  back, forward, "line-back": lineBack, "line-forward": lineForward,
})) find(id).addEventListener("click", () => { play(false); action(false); });
find("play").addEventListener("click", () => play(player === null));
find("scrubber").addEventListener("input", (event) => { play(false); go(Number(event.target.value), -1, true); });
find("unfollow").addEventListener("click", () => { followed = null; refresh(); });
document.addEventListener("keydown", pressed);
document.addEventListener("click", clicked);
addEventListener("hashchange", () => { shown = readAddress(); refresh(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);
let width = innerWidth;
addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; refresh(); } });
if (tape.leftOut) {
  find("left-out").textContent = `${tape.leftOut.toLocaleString("en")} more calls ran, which were not kept.`;
}
shown = readAddress();
refresh();
