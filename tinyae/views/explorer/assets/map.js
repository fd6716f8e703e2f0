"use strict";
// The coded space: a plane through it, and the canvas that shows the codes on that plane.

// A plane through `origin` along orthonormal directions u and v, in a space of any dimension.
class Plane {
  constructor(origin, u, v, names, shares = null) {
    Object.assign(this, { origin, u, v, names, shares });
  }

  static principal({ mean, directions, shares }) {
    const names = ["principal component 1", "principal component 2"];
    return new Plane(mean, directions[0], directions[1], names, shares);
  }

  static ofAxes(i, j, dimensions) {
    const unit = (axis) => Array.from({ length: dimensions }, (_, k) => Number(k === axis));
    const origin = new Array(dimensions).fill(0);
    return new Plane(origin, unit(i), unit(j), [axisName(i), j < dimensions ? axisName(j) : ""]);
  }

  // Where a code lies, seen perpendicular to the plane.
  project(code) {
    let a = 0, b = 0;
    for (let k = 0; k < code.length; k++) {
      a += this.u[k] * (code[k] - this.origin[k]);
      b += this.v[k] * (code[k] - this.origin[k]);
    }
    return [a, b];
  }

  // The code that lies at (a, b) and differs from `code` in the plane's directions only.
  moved(code, [a, b]) {
    const [fromA, fromB] = this.project(code);
    return code.map((z, k) => z + (a - fromA) * this.u[k] + (b - fromB) * this.v[k]);
  }
}

function axisName(axis) {
  return "z" + [...String(axis + 1)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]).join("");
}

// Round numbers, 1, 2 or 5 times a power of ten apart, about `count` of them.
function ticks(low, high, count) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const found = [];
  for (let n = Math.ceil(low / step); n * step <= high; n++) {
    found.push([n * step, (n * step).toFixed(digits).replace("-", "−")]);
  }
  return found;
}

const MARGIN = { left: 46, right: 10, top: 10, bottom: 42 }; // CSS pixels around the plot
const NEAR = 12; // a click so many CSS pixels from a point chooses it

class CodedSpace {
  // Two canvases, one on the other: points and axes below, what moves above.
  constructor(points, marks, { codes, classOf, colors }) {
    Object.assign(this, { points, marks, codes, classOf, colors });
    this.hidden = new Set();
    this.order = codes.map((_, n) => n).sort((a, b) => ((a * 7919) % 9973) - ((b * 7919) % 9973));
  }

  show(plane) {
    this.plane = plane;
    const rows = !plane.names[1]; // a single dimension: one row a class
    this.places = this.codes.map((code, n) => {
      const [a, b] = plane.project(code);
      return [a, rows ? -this.classOf[n] : b];
    });
    this.resize();
  }

  // One unit is equally long in both directions, and all points lie inside.
  resize() {
    const { clientWidth: width, clientHeight: height } = this.points, ratio = devicePixelRatio;
    for (const canvas of [this.points, this.marks]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const wide = width - MARGIN.left - MARGIN.right, high = height - MARGIN.top - MARGIN.bottom;
    const [a0, a1] = extent(this.places.map(([a]) => a)), [b0, b1] = extent(this.places.map(([, b]) => b));
    this.scale = Math.min(wide / (a1 - a0), high / (b1 - b0));
    this.left = (a0 + a1 - wide / this.scale) / 2;
    this.top = (b0 + b1 + high / this.scale) / 2;
    this.area = { width, height, wide, high };
    this.drawPoints();
  }

  toPixel([a, b]) {
    return [MARGIN.left + (a - this.left) * this.scale, MARGIN.top + (this.top - b) * this.scale];
  }

  // Where a pixel lies in the plane; beside the plot, at its edge.
  toPlane([x, y]) {
    const inX = Math.min(this.area.wide, Math.max(0, x - MARGIN.left));
    const inY = Math.min(this.area.high, Math.max(0, y - MARGIN.top));
    return [this.left + inX / this.scale, this.top - inY / this.scale];
  }

  pen(canvas) {
    const pen = canvas.getContext("2d");
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, this.area.width, this.area.height);
    return pen;
  }

  drawPoints() {
    const pen = this.pen(this.points), radius = this.codes.length > 1000 ? 2.2 : 3.2;
    this.drawAxes(pen);
    pen.globalAlpha = 0.8;
    for (const n of this.order) {
      if (this.hidden.has(this.classOf[n])) continue;
      const [x, y] = this.toPixel(this.places[n]);
      pen.fillStyle = this.colors[this.classOf[n]];
      pen.beginPath();
      pen.arc(x, y, radius, 0, 2 * Math.PI);
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  drawAxes(pen) {
    const { wide, high } = this.area, right = MARGIN.left + wide, bottom = MARGIN.top + high;
    pen.font = "12px system-ui, sans-serif";
    pen.lineWidth = 1;
    const line = (x0, y0, x1, y1, color) => {
      pen.strokeStyle = color;
      pen.beginPath();
      pen.moveTo(x0, y0);
      pen.lineTo(x1, y1);
      pen.stroke();
    };
    const faint = cssColor("--grid"), axis = cssColor("--line");
    pen.fillStyle = cssColor("--text");
    pen.textAlign = "center";
    for (const [a, text] of ticks(this.left, this.left + wide / this.scale, wide / 80)) {
      const [x] = this.toPixel([a, 0]);
      line(x, MARGIN.top, x, bottom, faint);
      pen.fillText(text, x, bottom + 16);
    }
    pen.textAlign = "right";
    for (const [b, text] of this.plane.names[1] ? ticks(this.top - high / this.scale, this.top, high / 60) : []) {
      const [, y] = this.toPixel([0, b]);
      line(MARGIN.left, y, right, y, faint);
      pen.fillText(text, MARGIN.left - 6, y + 4);
    }
    line(MARGIN.left, bottom, right, bottom, axis);
    line(MARGIN.left, MARGIN.top, MARGIN.left, bottom, axis);
    pen.textAlign = "center";
    pen.fillText(this.axisTitle(0), MARGIN.left + wide / 2, bottom + 34);
    pen.translate(12, MARGIN.top + high / 2);
    pen.rotate(-Math.PI / 2);
    pen.fillText(this.axisTitle(1), 0, 0);
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  }

  axisTitle(axis) {
    const share = this.plane.shares && ` (${Math.round(100 * this.plane.shares[axis])} % of variance)`;
    return this.plane.names[axis] + (share ?? "");
  }

  // The pointer, the chosen point and the walk: [from, to] and where on it, from 0 to 1.
  drawMarks(code, chosen, walk, along) {
    const pen = this.pen(this.marks), accent = cssColor("--accent"), ink = cssColor("--text");
    if (walk) {
      const [from, to] = walk.map((end) => this.toPixel(this.plane.project(end)));
      pen.strokeStyle = accent;
      pen.lineWidth = 2.5;
      pen.beginPath();
      pen.moveTo(...from);
      pen.lineTo(...to);
      pen.stroke();
      pen.fillStyle = accent;
      for (const end of [from, to]) dot(pen, end, 4);
      const at = [0, 1].map((k) => from[k] + along * (to[k] - from[k]));
      dot(pen, at, 6);
    }
    if (chosen !== null) {
      pen.strokeStyle = ink;
      pen.lineWidth = 2;
      ring(pen, this.toPixel(this.places[chosen]), 7);
    }
    const [x, y] = this.toPixel(this.plane.project(code));
    pen.lineWidth = 4;
    pen.strokeStyle = cssColor("--panel");
    cross(pen, x, y);
    pen.lineWidth = 1.8;
    pen.strokeStyle = ink;
    cross(pen, x, y);
  }

  // The shown point next to a pixel, or null when none is near enough.
  pointNear([x, y], most = NEAR) {
    let best = null, least = most;
    this.places.forEach((place, n) => {
      if (this.hidden.has(this.classOf[n])) return;
      const [px, py] = this.toPixel(place), distance = Math.hypot(px - x, py - y);
      if (distance < least) [best, least] = [n, distance];
    });
    return best;
  }
}

function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const margin = 0.05 * (high - low) || 1;
  return [low - margin, high + margin];
}

function ring(pen, [x, y], radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.stroke();
}

function dot(pen, [x, y], radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

function cross(pen, x, y) {
  pen.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    pen.moveTo(x + 4 * dx, y + 4 * dy);
    pen.lineTo(x + 12 * dx, y + 12 * dy);
  }
  pen.stroke();
}
