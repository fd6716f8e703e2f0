"""Bugs in max pooling."""

import numpy as np

import tinyae as ta
from tests.zoo.mutant import planted
from tinyae.layers.kernels import pad, windows


class MaxPool2d(ta.MaxPool2d):
    """The right one, window by window, so that each bug is one line."""

    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, dy):
        padded = pad(self.x, self.padding, value=-np.inf)
        dx = np.zeros_like(padded)
        for i, j in np.ndindex(*dy.shape[2:]):
            rows = slice(i * self.stride[0], i * self.stride[0] + self.kernel_size[0])
            columns = slice(j * self.stride[1], j * self.stride[1] + self.kernel_size[1])
            window, upstream = padded[:, :, rows, columns], dy[:, :, i, j, None, None]
            self.put(dx[:, :, rows, columns], upstream * self.mask(window))
        return self.cut(dx)

    def mask(self, window):
        return window == window.max(axis=(2, 3), keepdims=True)

    def put(self, there, share):
        there += share

    def cut(self, dx):
        (top, left), (height, width) = self.padding, self.x.shape[2:]
        return dx[:, :, top : top + height, left : left + width]


@planted("overlap-overwritten", 3, 1, x=(2, 2, 5, 5))
class LastWindowStays(MaxPool2d):
    def put(self, there, share):
        there[...] = share


@planted("overlap-overwritten", 3, 1, x=(2, 2, 5, 5))
class LastWinnerStays(MaxPool2d):
    def put(self, there, share):
        there[share != 0] = share[share != 0]


@planted("overlap-overwritten", 3, 2, 1, x=(2, 2, 7, 7))
class FancyIndexAddsOnce(ta.MaxPool2d):
    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, dy):
        image = pad(self.x, self.padding, value=-np.inf)
        seen = windows(image, self.kernel_size, self.stride)
        place = seen.reshape(*dy.shape, -1).argmax(axis=-1)
        n, c, i, j = np.indices(dy.shape)
        rows = i * self.stride[0] + place // self.kernel_size[1]
        columns = j * self.stride[1] + place % self.kernel_size[1]
        dx = np.zeros_like(image)
        dx[n, c, rows, columns] += dy
        return dx[:, :, 1:-1, 1:-1]


@planted("missing-mask", 2, x=(2, 2, 6, 4))
class EveryPixelGetsAll(MaxPool2d):
    def mask(self, window):
        return np.ones_like(window)


@planted("missing-mask", 2, x=(2, 2, 6, 4))
class EveryPixelGetsAShare(MaxPool2d):
    def mask(self, window):
        return np.full_like(window, 1 / window[0, 0].size)


@planted("missing-mask", 3, 2, x=(2, 2, 7, 7))
class EveryPixelOfOverlapping(MaxPool2d):
    def mask(self, window):
        return np.ones_like(window)


@planted("channel-mixup", 2, x=(2, 2, 6, 4))
class MinimumInsteadOfMaximum(MaxPool2d):
    def mask(self, window):
        return window == window.min(axis=(2, 3), keepdims=True)


@planted("padding-offset", 3, 2, 1, x=(2, 2, 7, 7))
class BorderCutOffAtOneEnd(MaxPool2d):
    def cut(self, dx):
        return dx[:, :, : self.x.shape[2], : self.x.shape[3]]


@planted("padding-offset", 3, 2, 1, x=(1, 2, 7, 7))
class LooksIntoTheUnpadded(ta.MaxPool2d):
    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, dy):
        dx = np.zeros_like(self.x)
        (height, width), (down, right) = self.kernel_size, self.stride
        for i, j in np.ndindex(*dy.shape[2:]):
            window = self.x[:, :, i * down :, j * right :][:, :, :height, :width]
            place = window.reshape(*dy.shape[:2], -1).argmax(axis=-1)
            n, c = np.indices(dy.shape[:2])
            u, v = np.divmod(place, window.shape[3])
            dx[n, c, i * down + u, j * right + v] += dy[:, :, i, j]
        return dx


@planted("scaled", 2, x=(2, 2, 6, 4))
class DividedByWindow(MaxPool2d):
    def put(self, there, share):
        there += share / 4


@planted("wrong-shape", 2, 2, 1, x=(2, 2, 6, 4))
class BorderNotCutOff(MaxPool2d):
    def cut(self, dx):
        return dx
