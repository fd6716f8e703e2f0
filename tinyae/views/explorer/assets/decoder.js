"use strict";
// The decoder as tinyae's NumPy code computes it in evaluation mode, for one code.
//
// Each layer is made from its description and from the weights of all layers. It is then a
// function from x to y, flat arrays in the order channel, row, column. A layer writes into the
// same y at each call: copy what shall stay.

function elementwise(f) {
  return ({ size }) => {
    const y = new Float32Array(size);
    return (x) => {
      for (let i = 0; i < size; i++) y[i] = f(x[i]);
      return y;
    };
  };
}

function leakyReLU({ size, slope }) {
  return elementwise((x) => (x > 0 ? x : slope * x))({ size });
}

// y = W x + b
function linear({ inputs, outputs, weight, bias }, weights) {
  const y = new Float32Array(outputs);
  return (x) => {
    for (let o = 0; o < outputs; o++) {
      let sum = bias === null ? 0 : weights[bias + o];
      const row = weight + o * inputs;
      for (let i = 0; i < inputs; i++) sum += weights[row + i] * x[i];
      y[o] = sum;
    }
    return y;
  };
}

// y = scale · x + shift, one scale and shift a channel
function batchNorm({ channels, area, weight, bias }, weights) {
  const y = new Float32Array(channels * area);
  return (x) => {
    for (let c = 0, i = 0; c < channels; c++) {
      const scale = weights[weight + c], shift = weights[bias + c];
      for (const end = i + area; i < end; i++) y[i] = scale * x[i] + shift;
    }
    return y;
  };
}

function startWithBias(y, outputs, bias, weights) {
  const [channels, height, width] = outputs, area = height * width;
  for (let c = 0; c < channels; c++) {
    y.fill(bias === null ? 0 : weights[bias + c], c * area, (c + 1) * area);
  }
}

// For each place (u, v) of the kernel: the rows and columns (i, j) of the small image whose partner
// (s·i + u − p, s·j + v − p) lies inside the large image, and where the partner of (0, 0) would be.
function partners(small, large, { kernel, stride, padding }) {
  const range = (k, axis) => {
    const shift = k - padding[axis], s = stride[axis];
    const last = Math.floor((large[axis] - 1 - shift) / s);
    return [Math.max(0, Math.ceil(-shift / s)), Math.min(small[axis] - 1, last), shift];
  };
  const found = [];
  for (let u = 0; u < kernel[0]; u++) {
    for (let v = 0; v < kernel[1]; v++) {
      const [i0, i1, top] = range(u, 0), [j0, j1, left] = range(v, 1);
      found.push({ i0, i1, j0, j1, shift: top * large[1] + left });
    }
  }
  return found;
}

// y[o, i, j] = b[o] + Σ w[o, c, u, v] · x[c, s·i + u − p, s·j + v − p]
function convolution(layer, weights) {
  const [channels, ...large] = layer.inputs, [filters, ...small] = layer.outputs;
  const [down, across] = [layer.stride[0] * large[1], layer.stride[1]];
  const places = partners(small, large, layer);
  const y = new Float32Array(filters * small[0] * small[1]);
  return (x) => {
    startWithBias(y, layer.outputs, layer.bias, weights);
    let n = layer.weight;
    for (let o = 0; o < filters; o++) {
      const to = o * small[0] * small[1];
      for (let c = 0; c < channels; c++) {
        for (const { i0, i1, j0, j1, shift } of places) {
          const w = weights[n++], from = c * large[0] * large[1] + shift;
          for (let i = i0; i <= i1; i++) {
            const row = to + i * small[1], partner = from + i * down;
            for (let j = j0; j <= j1; j++) y[row + j] += w * x[partner + j * across];
          }
        }
      }
    }
    return y;
  };
}

// The adjoint: y[o, s·i + u − p, s·j + v − p] += w[c, o, u, v] · x[c, i, j], and b[o] once
function transposedConvolution(layer, weights) {
  const [channels, ...small] = layer.inputs, [filters, ...large] = layer.outputs;
  const [down, across] = [layer.stride[0] * large[1], layer.stride[1]];
  const places = partners(small, large, layer);
  const y = new Float32Array(filters * large[0] * large[1]);
  return (x) => {
    startWithBias(y, layer.outputs, layer.bias, weights);
    let n = layer.weight;
    for (let c = 0; c < channels; c++) {
      const from = c * small[0] * small[1];
      for (let o = 0; o < filters; o++) {
        for (const { i0, i1, j0, j1, shift } of places) {
          const w = weights[n++], to = o * large[0] * large[1] + shift;
          for (let i = i0; i <= i1; i++) {
            const row = from + i * small[1], partner = to + i * down;
            for (let j = j0; j <= j1; j++) y[partner + j * across] += w * x[row + j];
          }
        }
      }
    }
    return y;
  };
}

const LAYERS = {
  Linear: linear,
  ReLU: elementwise((x) => (x > 0 ? x : 0)),
  LeakyReLU: leakyReLU,
  Tanh: elementwise(Math.tanh),
  Sigmoid: elementwise((x) => 1 / (1 + Math.exp(-x))),
  Softplus: elementwise((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  BatchNorm1d: batchNorm,
  BatchNorm2d: batchNorm,
  Conv2d: convolution,
  ConvTranspose2d: transposedConvolution,
};

// The whole decoder: from a code to the decoded numbers.
function makeDecoder(descriptions, weights) {
  const layers = descriptions.map((layer) => LAYERS[layer.kind](layer, weights));
  return (code) => layers.reduce((x, layer) => layer(x), code);
}

function fromBase64(text, Kind) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Kind(bytes.buffer);
}
