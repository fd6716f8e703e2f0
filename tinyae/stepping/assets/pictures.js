// Arrays as pictures: blue below zero, orange above, the colour of the page at zero.

const WRAP = 64;
const WIDEST = 230;
const SMALL_IMAGE = 8;
const TALLEST = 300;

/** Where each kept number stands in the picture: its width and height in cells, and both ways. */
function layoutOf(array) {
  const size = array.size;
  const last = size.length ? size[size.length - 1] : 1;
  const count = size.reduce((product, length) => product * length, 1);
  if (array.image) return tiled(count / last, array.image, array.image, 8);
  if (size.length <= 1) return tiled(1, Math.ceil(count / WRAP), Math.min(count, WRAP), 1);
  const rows = size[size.length - 2];
  if (size.length === 2) return tiled(1, rows, last, 1);
  const channels = size[size.length - 3];
  const samples = last < SMALL_IMAGE ? 1 : Math.max(1, Math.floor(WIDEST / (channels * (last + 1))));
  return tiled(count / (rows * last), rows, last, channels * samples);
}

/** Tiles of rows × columns cells, up to so many beside one another, with a cell between them. */
function tiled(tiles, rows, columns, beside) {
  beside = Math.max(1, Math.min(beside, tiles, Math.floor(WIDEST / (columns + 1))));
  const below = Math.ceil(tiles / beside);
  const area = rows * columns;
  return {
    width: beside * (columns + 1) - 1,
    height: below * (rows + 1) - 1,
    cell(flat) {
      const tile = Math.floor(flat / area);
      const inside = flat % area;
      return [
        (tile % beside) * (columns + 1) + (inside % columns),
        Math.floor(tile / beside) * (rows + 1) + Math.floor(inside / columns),
      ];
    },
    flat(x, y) {
      const [tileX, tileY] = [Math.floor(x / (columns + 1)), Math.floor(y / (rows + 1))];
      const [column, row] = [x % (columns + 1), y % (rows + 1)];
      if (x < 0 || y < 0 || column >= columns || row >= rows || tileX >= beside) return -1;
      return (tileY * beside + tileX) * area + row * columns + column;
    },
  };
}

/** The colours of the page as it is shown now, light or dark. */
function palette() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => {
    const hex = style.getPropertyValue(name).trim();
    return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
  };
  return { gap: read("--gap"), zero: read("--zero"), plus: read("--plus"), minus: read("--minus"), missing: read("--missing") };
}

/** The largest magnitude of an array: where its colours are full. */
function reachOf(array) {
  const { min, max } = array.statistics;
  return Math.max(Math.abs(min || 0), Math.abs(max || 0));
}

/** Red, green and blue of a number. */
function colourOf(value, reach, colours, most = 1) {
  if (!Number.isFinite(value)) return colours.missing;
  const share = reach > 0 ? Math.min(1, Math.abs(value) / reach) * most : 0;
  const end = value < 0 ? colours.minus : colours.plus;
  return colours.zero.map((zero, channel) => Math.round(zero + (end[channel] - zero) * share));
}

/** How many pixels wide and high a cell is drawn, in so much room. */
function cellSize(layout, width) {
  const high = Math.max(5, Math.floor(TALLEST / layout.height));
  return Math.max(1, Math.min(18, high, Math.floor(width / layout.width)));
}

/** Draw an array at so many pixels a cell, with the marks on top. */
function draw(canvas, array, layout, pixels, markOf, cursor) {
  const numbers = numbersOf(array);
  const colours = palette();
  const reach = reachOf(array);
  const small = document.createElement("canvas");
  [small.width, small.height] = [layout.width, layout.height];
  const image = small.getContext("2d").createImageData(layout.width, layout.height);
  for (let at = 0; at < image.data.length; at += 4) image.data.set([...colours.gap, 255], at);
  const marked = new Map();
  for (let flat = 0; flat < numbers.length; flat += 1) {
    const [x, y] = layout.cell(flat);
    image.data.set([...colourOf(numbers[flat], reach, colours), 255], 4 * (y * layout.width + x));
    const mark = markOf(indexAt(array, flat));
    if (mark) marked.set(y * layout.width + x, mark);
  }
  small.getContext("2d").putImageData(image, 0, 0);
  [canvas.width, canvas.height] = [layout.width * pixels, layout.height * pixels];
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  outline(context, marked, layout.width, pixels);
  if (cursor >= 0) ring(context, layout.cell(cursor), pixels, "--ink", 2);
}

/** A line around all cells that take part, and a frame around the followed number. */
function outline(context, marked, width, pixels) {
  const line = Math.max(1, Math.min(2, pixels / 3));
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--kin");
  for (const [at, mark] of marked) {
    const [x, y] = [(at % width) * pixels, Math.floor(at / width) * pixels];
    if (mark === 2) {
      ring(context, [x / pixels, y / pixels], pixels, "--mark", 3, 3);
      continue;
    }
    if (!marked.has(at - width)) context.fillRect(x, y, pixels, line);
    if (!marked.has(at + width)) context.fillRect(x, y + pixels - line, pixels, line);
    if (!marked.has(at - 1)) context.fillRect(x, y, line, pixels);
    if (!marked.has(at + 1)) context.fillRect(x + pixels - line, y, line, pixels);
  }
}

function ring(context, [x, y], pixels, colour, width, beyond = 0) {
  context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue(colour);
  context.lineWidth = width;
  const edge = pixels + 2 * beyond - width / 2;
  const start = -beyond + width / 4;
  context.strokeRect(x * pixels + start, y * pixels + start, edge, edge);
}
