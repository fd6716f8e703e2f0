"use strict";
// Decoded numbers as a picture: an image, or bars for what is no image.

const BAR_CANVAS = 320; // pixels along the edge of a canvas with bars
const SAVED_EDGE = 560; // at least so many pixels along the edge of a saved image

function cssColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// "#16a" or "#1166aa" as three numbers from 0 to 255.
function rgb(color) {
  const digits = color.length === 4 ? [...color.slice(1)].map((d) => d + d).join("") : color.slice(1);
  return [0, 2, 4].map((i) => parseInt(digits.slice(i, i + 2), 16));
}

class Picture {
  // size: [height, width] of an image, or null for bars; low and high: the range of the numbers.
  constructor(size, low, high) {
    Object.assign(this, { size, low, high });
    this.readColors();
  }

  readColors() {
    this.paper = rgb(cssColor("--paper"));
    this.ink = rgb(cssColor("--ink"));
  }

  draw(canvas, values) {
    if (this.size) this.drawImage(canvas, values);
    else this.drawBars(canvas, values);
  }

  // low is paper, high is ink; what lies outside is cut off.
  drawImage(canvas, values) {
    const [height, width] = this.size, pixels = new ImageData(width, height);
    for (let i = 0; i < values.length; i++) {
      const part = Math.min(1, Math.max(0, (values[i] - this.low) / (this.high - this.low)));
      for (let c = 0; c < 3; c++) {
        pixels.data[4 * i + c] = this.paper[c] + part * (this.ink[c] - this.paper[c]);
      }
      pixels.data[4 * i + 3] = 255;
    }
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    canvas.getContext("2d").putImageData(pixels, 0, 0);
  }

  drawBars(canvas, values) {
    const edge = BAR_CANVAS, pen = canvas.getContext("2d");
    canvas.width = canvas.height = edge;
    pen.fillStyle = `rgb(${this.paper})`;
    pen.fillRect(0, 0, edge, edge);
    const high = Math.max(0, this.high), low = Math.min(0, this.low), wide = edge / values.length;
    const y = (value) => (edge * (high - Math.min(high, Math.max(low, value)))) / (high - low);
    pen.fillStyle = `rgb(${this.ink})`;
    values.forEach((value, i) => {
      const [top, bottom] = [y(value), y(0)].sort((a, b) => a - b);
      pen.fillRect(i * wide + 1, top, Math.max(1, wide - 2), bottom - top);
    });
    pen.fillRect(0, y(0) - 0.5, edge, 1);
  }

  // Offer what a canvas shows as a PNG file, each pixel enlarged to a square.
  save(canvas, name) {
    const times = Math.max(1, Math.ceil(SAVED_EDGE / Math.max(canvas.width, canvas.height)));
    const large = document.createElement("canvas");
    large.width = canvas.width * times;
    large.height = canvas.height * times;
    const pen = large.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(canvas, 0, 0, large.width, large.height);
    large.toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }, "image/png");
  }
}
