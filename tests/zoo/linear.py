"""Bugs in fully connected layers."""

import numpy as np

import tinyae as ta
from tests.zoo.mutant import planted


class Linear(ta.Linear):
    """The right one, with its three gradients apart so that each bug is one line."""

    def backward(self, dy):
        self.weight.grad += self.d_weight(dy)
        self.bias.grad += self.d_bias(dy)
        return self.d_input(dy)

    def d_weight(self, dy):
        return dy.T @ self.x

    def d_bias(self, dy):
        return dy.sum(axis=0)

    def d_input(self, dy):
        return dy @ self.weight.value


@planted("missing-batch-sum", 3, 2, x=(5, 3))
class BiasAveraged(ta.Linear):
    def backward(self, dy):
        self.weight.grad += dy.T @ self.x
        self.bias.grad += dy.mean(axis=0)
        return dy @ self.weight.value


@planted("scaled", 3, 2, x=(5, 3))
class WeightDividedByBatch(ta.Linear):
    def backward(self, dy):
        self.weight.grad += dy.T @ self.x / len(dy)
        self.bias.grad += dy.sum(axis=0)
        return dy @ self.weight.value


@planted("missing-batch-sum", 3, 2, x=(5, 3))
class BiasOfOneSample(Linear):
    def d_bias(self, dy):
        return dy[0]


@planted("missing-batch-sum", 3, 2, x=(5, 3))
class WeightOfLastSample(Linear):
    def d_weight(self, dy):
        for row, upstream in zip(self.x, dy, strict=True):
            d_weight = np.outer(upstream, row)
        return d_weight


@planted("missing-batch-sum", 4, 5, x=(5, 4))
class BiasOverWrongAxis(Linear):
    def d_bias(self, dy):
        return dy.sum(axis=1)


@planted("missing-batch-sum", 3, 2, x=(5, 3))
class BiasSummedOverAll(Linear):
    def d_bias(self, dy):
        return dy.sum()


@planted("wrong-shape", 3, 2, x=(5, 3))
class BiasNotSummed(Linear):
    def d_bias(self, dy):
        return dy


@planted("transposed", 3, 2, x=(5, 3))
class WeightTransposed(Linear):
    def d_weight(self, dy):
        return self.x.T @ dy


@planted("transposed", 4, 4, x=(5, 4))
class SquareWeightTransposed(Linear):
    def d_weight(self, dy):
        return self.x.T @ dy


@planted("transposed", 4, 4, x=(5, 4))
class InputThroughTransposedWeight(Linear):
    def d_input(self, dy):
        return dy @ self.weight.value.T


@planted("transposed", 3, 5, x=(5, 3))
class UpstreamNotTransposed(Linear):
    def d_weight(self, dy):
        return dy @ self.x


@planted("zero", 3, 2, x=(5, 3))
class BiasForgotten(ta.Linear):
    def backward(self, dy):
        self.weight.grad += dy.T @ self.x
        return dy @ self.weight.value


@planted("zero", 3, 2, x=(5, 3))
class NothingHandedBack(Linear):
    def d_input(self, dy):
        return np.zeros_like(self.x)


@planted("wrong-shape", 3, 2, x=(5, 3))
class ReturnForgotten(Linear):
    def d_input(self, dy):
        return None


@planted("passes-upstream-through", 4, 4, x=(5, 4))
class HandsUpstreamOn(Linear):
    def d_input(self, dy):
        return dy


@planted("overwritten", 3, 2, x=(5, 3))
class WeightOverwritten(ta.Linear):
    def backward(self, dy):
        self.weight.grad = dy.T @ self.x
        self.bias.grad += dy.sum(axis=0)
        return dy @ self.weight.value


@planted("scaled", 3, 2, x=(5, 3))
class SignTurned(Linear):
    def d_weight(self, dy):
        return -dy.T @ self.x


@planted("updates-weights", 3, 2, x=(5, 3))
class StepsInBackward(ta.Linear):
    def backward(self, dy):
        dx = super().backward(dy)
        self.weight.value -= 0.1 * self.weight.grad
        return dx


@planted("mutates-upstream", 3, 3, x=(5, 3))
class ScalesUpstreamInPlace(ta.Linear):
    def backward(self, dy):
        dx = super().backward(dy)
        dy /= len(dy)
        return dx


@planted("mutates-input", 3, 2, x=(5, 3))
class CentresInputInPlace(ta.Linear):
    def forward(self, x):
        x -= x.mean()
        return super().forward(x)


@planted("depends-on-state", 3, 2, x=(5, 3))
class AddsToLastGradient(Linear):
    total = 0.0

    def d_input(self, dy):
        self.total = self.total + super().d_input(dy)
        return self.total


@planted("not-finite", 3, 2, x=(5, 3))
class NormalizesByZero(Linear):
    def d_input(self, dy):
        dx = super().d_input(dy)
        with np.errstate(all="ignore"):
            return dx / np.linalg.norm(dx - dx)


@planted("channel-mixup", 4, 3, x=(5, 4))
class FeaturesReversed(Linear):
    def d_input(self, dy):
        return dy @ self.weight.value[:, ::-1]


@planted("unknown", 4, 3, x=(5, 4))
class StaleInput(ta.Linear):
    def forward(self, x):
        self.first = getattr(self, "first", np.roll(x, 1, axis=0) * 1.1)
        return super().forward(x)

    def backward(self, dy):
        self.weight.grad += dy.T @ self.first
        self.bias.grad += dy.sum(axis=0)
        return dy @ self.weight.value
