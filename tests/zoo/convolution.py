"""Bugs in convolution and its transpose."""

import numpy as np

import tinyae as ta
from tests.zoo.mutant import planted
from tinyae.layers.kernels import (
    correlate,
    correlate_input_gradient,
    correlate_weight_gradient,
    pad,
    windows,
)


class Conv2d(ta.Conv2d):
    """The right one, with its three gradients apart so that each bug is one line."""

    def backward(self, dy):
        self.weight.grad += self.d_weight(self.x, dy)
        self.bias.grad += self.d_bias(dy)
        return self.d_input(dy, self.weight.value)

    def d_weight(self, x, dy):
        return correlate_weight_gradient(x, dy, self.stride, self.padding, self.kernel_size)

    def d_bias(self, dy):
        return dy.sum(axis=(0, 2, 3))

    def d_input(self, dy, weight):
        return correlate_input_gradient(dy, weight, self.stride, self.padding, self.x.shape[2:])

    def d_padded(self, dy, weight, add):
        """The gradient of the padded x, window by window."""
        dx = np.zeros_like(pad(self.x, self.padding))
        for i, j in np.ndindex(*dy.shape[2:]):
            rows = slice(i * self.stride[0], i * self.stride[0] + self.kernel_size[0])
            columns = slice(j * self.stride[1], j * self.stride[1] + self.kernel_size[1])
            share = np.einsum("no,ocuv->ncuv", dy[:, :, i, j], weight)
            dx[:, :, rows, columns] = add(dx[:, :, rows, columns], share)
        return dx


@planted("missing-batch-sum", 2, 3, 3, x=(3, 2, 5, 6))
class BiasAveragedOverAll(Conv2d):
    def d_bias(self, dy):
        return dy.mean(axis=(0, 2, 3))


@planted("missing-batch-sum", 2, 3, 3, x=(3, 2, 5, 6))
class BiasOfOnePixel(Conv2d):
    def d_bias(self, dy):
        return dy.sum(axis=0)[:, 0, 0]


@planted("missing-batch-sum", 2, 3, 3, x=(3, 2, 5, 6))
class BiasOfOneRow(Conv2d):
    def d_bias(self, dy):
        return dy[:, :, 0].sum(axis=(0, 2))


@planted("wrong-shape", 2, 3, 3, x=(3, 2, 5, 6))
class BiasSummedOverBatchOnly(Conv2d):
    def d_bias(self, dy):
        return dy.sum(axis=0)


@planted("overlap-overwritten", 2, 3, 3, x=(2, 2, 5, 6))
class WindowsOverwrite(Conv2d):
    def d_input(self, dy, weight):
        return self.d_padded(dy, weight, lambda there, share: share)


@planted("overlap-overwritten", 2, 3, 3, 2, 1, x=(2, 2, 7, 6))
class WindowsOverwriteWithStride(Conv2d):
    def d_input(self, dy, weight):
        (top, left), (height, width) = self.padding, self.x.shape[2:]
        dx = self.d_padded(dy, weight, lambda there, share: share)
        return dx[:, :, top : top + height, left : left + width]


@planted("padding-offset", 2, 3, 3, 1, 1, x=(2, 2, 5, 6))
class BorderCutOffAtOneEnd(Conv2d):
    def d_input(self, dy, weight):
        dx = self.d_padded(dy, weight, lambda there, share: there + share)
        return dx[:, :, : self.x.shape[2], : self.x.shape[3]]


@planted("wrong-shape", 2, 3, 3, 1, 1, x=(2, 2, 5, 6))
class BorderNotCutOff(Conv2d):
    def d_input(self, dy, weight):
        return self.d_padded(dy, weight, lambda there, share: there + share)


@planted("padding-offset", 2, 3, 3, 1, 1, x=(2, 2, 5, 6))
class WeightSeesUnpadded(Conv2d):
    def d_weight(self, x, dy):
        padded = np.pad(x, ((0, 0), (0, 0), (0, 2), (0, 2)))
        return np.einsum("noij,ncijuv->ocuv", dy, windows(padded, self.kernel_size, self.stride))


@planted("channel-mixup", 2, 3, 3, x=(2, 2, 5, 6))
class FilterTurnedAround(Conv2d):
    def d_input(self, dy, weight):
        return super().d_input(dy, weight[:, :, ::-1, ::-1])


@planted("channel-mixup", 2, 3, 3, x=(2, 2, 5, 6))
class WeightGradientTurnedAround(Conv2d):
    def d_weight(self, x, dy):
        return super().d_weight(x, dy)[:, :, ::-1, ::-1]


@planted("channel-mixup", 2, 3, 3, x=(2, 2, 5, 6))
class WeightReshapedInWrongOrder(Conv2d):
    def d_weight(self, x, dy):
        return super().d_weight(x, dy).transpose(0, 2, 3, 1).reshape(self.weight.shape)


@planted("transposed", 3, 3, 3, x=(2, 3, 5, 6))
class ChannelsExchanged(Conv2d):
    def d_input(self, dy, weight):
        return super().d_input(dy, weight.swapaxes(0, 1))


@planted("transposed", 2, 3, 3, x=(2, 2, 5, 6))
class RowsForColumns(Conv2d):
    def d_weight(self, x, dy):
        return super().d_weight(x, dy).swapaxes(2, 3)


@planted("scaled", 2, 3, 3, x=(4, 2, 5, 6))
class WeightDividedByBatch(Conv2d):
    def backward(self, dy):
        dx = super().backward(dy)
        self.weight.grad -= self.d_weight(self.x, dy) * (1 - 1 / len(dy))
        return dx


@planted("missing-batch-sum", 2, 3, 3, x=(4, 2, 5, 6))
class WeightOfFirstSample(Conv2d):
    def d_weight(self, x, dy):
        return super().d_weight(x[:1], dy[:1])


@planted("raises", 2, 3, 3, 2, x=(2, 2, 7, 7))
class StrideForgotten(Conv2d):
    def d_weight(self, x, dy):
        return correlate_weight_gradient(x, dy, (1, 1), self.padding, self.kernel_size)


class ConvTranspose2d(ta.ConvTranspose2d):
    """The right one, apart in the same way."""

    def backward(self, dy):
        self.weight.grad += self.d_weight(dy)
        self.bias.grad += self.d_bias(dy)
        return self.d_input(dy, self.weight.value)

    def d_weight(self, dy):
        return correlate_weight_gradient(dy, self.x, self.stride, self.padding, self.kernel_size)

    def d_bias(self, dy):
        return dy.sum(axis=(0, 2, 3))

    def d_input(self, dy, weight):
        return correlate(dy, weight, self.stride, self.padding)


@planted("missing-batch-sum", 2, 3, 3, 2, x=(3, 2, 3, 4))
class TransposedBiasAveraged(ConvTranspose2d):
    def d_bias(self, dy):
        return dy.mean(axis=(0, 2, 3))


@planted("channel-mixup", 2, 3, 3, 2, x=(3, 2, 3, 4))
class TransposedFilterTurnedAround(ConvTranspose2d):
    def d_input(self, dy, weight):
        return super().d_input(dy, weight[:, :, ::-1, ::-1])


@planted("transposed", 3, 3, 3, 2, x=(2, 3, 3, 4))
class TransposedChannelsExchanged(ConvTranspose2d):
    def d_input(self, dy, weight):
        return super().d_input(dy, weight.swapaxes(0, 1))


@planted("overwritten", 2, 3, 3, 2, x=(2, 2, 3, 4))
class TransposedWeightOverwritten(ConvTranspose2d):
    def backward(self, dy):
        dx = super().backward(dy)
        self.weight.grad = self.d_weight(dy)
        return dx


@planted("zero", 2, 3, 3, 2, x=(2, 2, 3, 4))
class TransposedBiasForgotten(ConvTranspose2d):
    def d_bias(self, dy):
        return 0


@planted("padding-offset", 2, 3, 3, 2, 1, x=(2, 2, 4, 4))
class TransposedPaddingForgotten(ConvTranspose2d):
    def d_input(self, dy, weight):
        wide = np.pad(dy, ((0, 0), (0, 0), (0, 2), (0, 2)))
        return correlate(wide, weight, self.stride, (0, 0))
