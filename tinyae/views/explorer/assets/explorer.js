"use strict";
// What the reader does, and what the page shows for it.

const CLICK = 6; // a press that moves less, in CSS pixels, is a click
const KEY_STEP = 0.01; // of the width of the map, for one press of an arrow key
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const element = (id) => document.getElementById(id);
const data = JSON.parse(element("data").textContent);
const { dimensions, classes } = data;
const dark = matchMedia("(prefers-color-scheme: dark)");
const colors = () => data.palette[dark.matches ? "dark" : "light"];
const format = (value, digits = 2) => value.toFixed(digits).replace("-", "−");

const classOf = fromBase64(data.classOf, Uint8Array);
const allCodes = fromBase64(data.codes, Float32Array);
const codes = Array.from(classOf, (_, n) => allCodes.subarray(n * dimensions, (n + 1) * dimensions));
const originals = fromBase64(data.originals, Uint8Array);
const pixels = originals.length / codes.length;
const meanCode = Array.from({ length: dimensions }, (_, k) =>
  codes.reduce((sum, code) => sum + code[k], 0) / codes.length);

const decode = makeDecoder(data.layers, fromBase64(data.weights, Float32Array));
const picture = new Picture(data.size, data.low, data.high);
const space = new CodedSpace(element("points"), element("marks"), { codes, classOf, colors: colors() });
const walk = new Walk(element("walk"), decode, picture, moveTo);

let code = meanCode; // where the pointer is
let chosen = null; // the number of the sample that is compared
let press = null; // the drag that is going on: { pixel, code, moved }
let start = null; // of a walk begun with the keyboard
let waiting = false;
let speaking;

// Go to a code; all that follows from it is shown with the next frame, the latest code only.
function moveTo(next) {
  code = next;
  redraw();
}

function redraw() {
  if (!waiting) requestAnimationFrame(show);
  waiting = true;
}

function show() {
  waiting = false;
  picture.draw(element("picture"), decode(code));
  const line = press?.moved ? [press.code, code] : start ? [start, code] : walk.ends;
  space.drawMarks(code, chosen, line, line === walk.ends ? walk.along : 1);
  element("where").textContent = description();
  if (element("numbers").open) showSliders();
  clearTimeout(speaking);
  speaking = setTimeout(() => (element("spoken").textContent = description()), 500);
}

function description() {
  const { names } = space.plane;
  const place = space.plane.project(code).slice(0, names[1] ? 2 : 1)
    .map((value, k) => `${names[k].replace("principal component", "component")} = ${format(value)}`);
  return `${place.join(", ")}\nnearest code: class ${classes[classOf[nearestCode()]]}`;
}

function nearestCode() {
  let best = 0, least = Infinity;
  codes.forEach((other, n) => {
    let distance = 0;
    for (let k = 0; k < dimensions && distance < least; k++) distance += (other[k] - code[k]) ** 2;
    if (distance < least) [best, least] = [n, distance];
  });
  return best;
}

// Compare a sample with its reconstruction, and go to its code.
function choose(n) {
  chosen = n;
  moveTo(Array.from(codes[n]));
  const original = Float32Array.from(originals.subarray(n * pixels, (n + 1) * pixels),
    (byte) => data.low + (byte / 255) * (data.high - data.low));
  const rebuilt = decode(codes[n]);
  picture.draw(element("original"), original);
  picture.draw(element("rebuilt"), rebuilt);
  const error = original.reduce((sum, value, i) => sum + (value - rebuilt[i]) ** 2, 0) / pixels;
  const name = classes[classOf[n]];
  element("chosen").textContent = `Sample ${n}, class ${name}: mean squared error ${error.toFixed(4)}`;
}

// ---- the map ----

function pixelOf(event) {
  const box = element("marks").getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

const codeUnder = (pixel) => space.plane.moved(code, space.toPlane(pixel));

element("marks").addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  walk.stop();
  start = null;
  const pixel = pixelOf(event);
  press = { pixel, code: codeUnder(pixel), moved: false };
  event.target.setPointerCapture(event.pointerId);
  moveTo(press.code);
});

element("marks").addEventListener("pointermove", (event) => {
  const pixel = pixelOf(event);
  if (press && Math.hypot(pixel[0] - press.pixel[0], pixel[1] - press.pixel[1]) >= CLICK) {
    press.moved = true;
  }
  if (press ? press.moved : !walk.playing) moveTo(codeUnder(pixel));
});

element("marks").addEventListener("pointerup", (event) => {
  if (!press) return;
  const { code: from, moved } = press, near = space.pointNear(pixelOf(event));
  press = null;
  if (moved) walk.between(from, code);
  else if (near !== null) choose(near);
});

element("marks").addEventListener("pointercancel", () => {
  press = null;
  redraw();
});

element("marks").addEventListener("keydown", (event) => {
  const arrow = ARROWS[event.key];
  if (arrow) {
    walk.stop();
    const step = KEY_STEP * (event.shiftKey ? 5 : 1) * (space.area.wide / space.scale);
    const place = space.plane.project(code);
    moveTo(space.plane.moved(code, [place[0] + step * arrow[0], place[1] + step * arrow[1]]));
  } else if (event.key === "Enter") {
    const nearest = space.pointNear(space.toPixel(space.plane.project(code)), Infinity);
    if (nearest !== null) choose(nearest);
  } else if (event.key === " ") {
    if (start) walk.between(start, code);
    start = start ? null : code;
    redraw();
  } else if (event.key === "Escape") {
    start = null;
    redraw();
  } else return;
  event.preventDefault();
});

// ---- the plane and the numbers of the code ----

function option(value, text) {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = text;
  return made;
}

function setPlanes() {
  element("planes").hidden = dimensions < 3;
  for (let k = 0; k < dimensions; k++) {
    for (const id of ["across", "up"]) element(id).append(option(k, axisName(k)));
  }
  element("up").value = 1;
  let axes = [0, 1];
  for (const [k, id] of ["across", "up"].entries()) {
    element(id).addEventListener("change", () => {
      const next = Number(element(id).value);
      axes = k === 0 ? [next, axes[1] === next ? axes[0] : axes[1]]
        : [axes[0] === next ? axes[1] : axes[0], next];
      [element("across").value, element("up").value] = axes;
      showPlane(axes);
    });
  }
  element("plane").addEventListener("change", () => showPlane(axes));
  showPlane(axes);
}

function showPlane(axes) {
  const principal = data.principal && element("plane").value === "principal";
  element("axes").hidden = principal;
  space.show(principal ? Plane.principal(data.principal) : Plane.ofAxes(...axes, dimensions));
  redraw();
}

const sliders = [];

function makeSliders() {
  for (let k = 0; k < dimensions; k++) {
    const label = document.createElement("label"), axis = document.createElement("span");
    const slider = document.createElement("input"), output = document.createElement("output");
    axis.className = "axis";
    axis.textContent = axisName(k);
    slider.type = "range";
    [slider.min, slider.max] = extent(codes.map((other) => other[k]));
    slider.step = "any";
    slider.addEventListener("input", () => {
      walk.stop();
      moveTo(code.map((z, i) => (i === k ? Number(slider.value) : z)));
    });
    label.append(axis, slider, output);
    element("sliders").append(label);
    sliders.push({ slider, output });
  }
}

function showSliders() {
  sliders.forEach(({ slider, output }, k) => {
    slider.value = code[k];
    output.textContent = format(code[k]);
  });
}

// ---- the classes, the buttons, the window ----

function makeLegend() {
  const list = element("legend");
  list.replaceChildren(...classes.map((name, k) => {
    const item = document.createElement("li"), button = document.createElement("button");
    const swatch = document.createElement("span"), text = document.createElement("span");
    button.type = "button";
    button.setAttribute("aria-pressed", String(!space.hidden.has(k)));
    swatch.className = "swatch";
    swatch.style.background = colors()[k];
    text.className = "name";
    text.textContent = name;
    button.append(swatch, text);
    button.addEventListener("click", () => {
      if (!space.hidden.delete(k)) space.hidden.add(k);
      button.setAttribute("aria-pressed", String(!space.hidden.has(k)));
      space.drawPoints();
    });
    item.append(button);
    return item;
  }));
}

function repaint() {
  space.colors = colors();
  picture.readColors();
  makeLegend();
  space.resize();
  walk.draw();
  if (chosen !== null) choose(chosen);
  redraw();
}

element("save").addEventListener("click", () => picture.save(element("picture"), "decoded.png"));
element("center").addEventListener("click", () => {
  walk.stop();
  moveTo(meanCode);
});
element("numbers").addEventListener("toggle", redraw);
element("numbers").open = dimensions <= 32;
element("range").textContent = data.size ? "" :
  `Bars: the ${pixels} numbers of a sample, on a scale from ${format(data.low)} to ${format(data.high)}.`;
dark.addEventListener("change", repaint);
new ResizeObserver(() => {
  space.resize();
  redraw();
}).observe(element("map"));

makeLegend();
makeSliders();
setPlanes();
choose(0);
moveTo(meanCode);
