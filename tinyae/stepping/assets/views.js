// The numbers of an array as a table or as a picture, for the pointer and for the keyboard.

const tooltip = document.getElementById("tooltip");
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function tableOf(step, entry, array) {
  const [rows, columns] = tableSize(array);
  const [numbers, colours, reach] = [numbersOf(array), palette(), reachOf(array)];
  const markOf = marksOf(step, entry);
  const look = columns > 12 ? "dense" : "";
  const table = element("table", { role: "grid", "aria-label": entry.name, class: look });
  for (let row = 0; row < rows; row += 1) {
    const line = element("tr");
    for (let column = 0; column < columns; column += 1) {
      const flat = row * columns + column;
      const index = indexAt(array, flat);
      const cell = element("td", { tabindex: flat ? -1 : 0, title:
        `${named(entry.name, index)} = ${written(numbers[flat], 5)}` }, brief(numbers[flat]));
      cell.style.background = `rgb(${colourOf(numbers[flat], reach, colours, 0.4).join(" ")})`;
      cell.className = ["", "kin", "followed"][markOf(index)];
      if (entry.place) cell.addEventListener("click", () => follow(entry, index));
      line.append(cell);
    }
    table.append(line);
  }
  table.addEventListener("keydown", (event) => moveInTable(event, table, columns));
  return table;
}

/** Arrows move between the cells of a table; Enter follows the number. */
function moveInTable(event, table, columns) {
  const cells = [...table.querySelectorAll("td")];
  const at = cells.indexOf(document.activeElement);
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
  if (event.key === "Enter") cells[at].click();
  else if (step && !event.shiftKey) {
    const target = cells[Math.max(0, Math.min(cells.length - 1, at + step))];
    cells[at].tabIndex = -1;
    target.tabIndex = 0;
    target.focus();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/** A picture; its number under the pointer or under the cursor is told and can be followed. */
function pictureOf(step, entry, array, width) {
  const layout = layoutOf(array);
  const view = {
    entry, array, layout,
    pixels: cellSize(layout, width - 40),
    cursor: -1,
    canvas: element("canvas", { tabindex: 0, role: "img", "aria-label":
      `${entry.name}, a picture of ${factsOf(array)}; arrows move, Enter follows a number` }),
    readout: element("output", { class: "hidden-readout" }),
    paint() { draw(this.canvas, array, layout, this.pixels, marksOf(step, entry), this.cursor); },
    follow(flat) { if (flat >= 0 && entry.place) follow(entry, indexAt(array, flat)); },
    words(flat) {
      return `${named(entry.name, indexAt(array, flat))} = ${written(numbersOf(array)[flat], 5)}`;
    },
  };
  watchPointer(view);
  watchKeys(view);
  view.paint();
  return element("div", {}, view.canvas, view.readout);
}

function watchPointer(view) {
  const { canvas, layout, array, pixels } = view;
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    const scale = canvas.width / box.width / pixels;
    const flat = layout.flat(Math.floor((event.clientX - box.left) * scale),
      Math.floor((event.clientY - box.top) * scale));
    return flat < numbersOf(array).length ? flat : -1;
  };
  canvas.addEventListener("pointermove", (event) => {
    const flat = under(event);
    flat < 0 ? hideTip() : showTip(view.words(flat), event.clientX, event.clientY);
  });
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("click", (event) => view.follow(under(event)));
}

function watchKeys(view) {
  const { canvas, layout, array, pixels } = view;
  const count = numbersOf(array).length;
  canvas.addEventListener("blur", () => { view.cursor = -1; hideTip(); view.paint(); });
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter") view.follow(view.cursor);
    else if (MOVES[event.key] && !event.shiftKey) {
      const marked = holds(view.entry) ? flatOf(array, followed.index) : -1;
      const from = view.cursor < 0 ? marked : view.cursor;
      view.cursor = from < 0 ? 0 : moved(layout, count, from, MOVES[event.key]);
      view.paint();
      const box = canvas.getBoundingClientRect();
      const [x, y] = layout.cell(view.cursor);
      view.readout.textContent = view.words(view.cursor);
      showTip(view.words(view.cursor), box.left + (x + 1) * pixels, box.top + (y + 1) * pixels);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** The next number in a direction, over the gaps between tiles. */
function moved(layout, count, cursor, [right, down]) {
  let [x, y] = layout.cell(cursor);
  for (let tries = 0; tries < 2; tries += 1) {
    [x, y] = [x + right, y + down];
    const flat = layout.flat(x, y);
    const inside = x >= 0 && y >= 0 && x < layout.width && y < layout.height;
    if (inside && flat >= 0 && flat < count) return flat;
  }
  return cursor;
}

function showTip(text, x, y) {
  tooltip.textContent = text;
  tooltip.hidden = false;
  const width = tooltip.offsetWidth;
  tooltip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 4))}px`;
  tooltip.style.top = `${Math.min(y + 16, innerHeight - 34)}px`;
}

function hideTip() {
  tooltip.hidden = true;
}
