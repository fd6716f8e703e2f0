"""Bugs in functions of one number, dropout and shapes."""

import numpy as np

import tinyae as ta
from tests.zoo.mutant import planted
from tinyae.backend import generator_for
from tinyae.layers.activations import sigmoid


@planted("missing-mask", x=(4, 5))
class ReLUWithoutMask(ta.ReLU):
    def backward(self, dy):
        return dy


@planted("missing-mask", x=(4, 5))
class ReLUMaskOfUpstream(ta.ReLU):
    def backward(self, dy):
        return dy * (dy > 0)


@planted("missing-mask", x=(4, 5))
class ReLUMaskInverted(ta.ReLU):
    def backward(self, dy):
        return dy * (self.y <= 0)


@planted("mutates-upstream", x=(4, 5))
class ReLUInPlace(ta.ReLU):
    def backward(self, dy):
        dy *= self.y > 0
        return dy


@planted("passes-upstream-through", x=(4, 5))
class LeakyReLUWithoutSlope(ta.LeakyReLU):
    def backward(self, dy):
        return dy


@planted("zero", 0.2, x=(4, 5))
class LeakyReLUZeroSlope(ta.LeakyReLU):
    def backward(self, dy):
        return dy * (self.slope == 1)


@planted("derivative-at-output", x=(4, 5))
class TanhOfTanh(ta.Tanh):
    def backward(self, dy):
        return dy * (1 - np.tanh(self.y) ** 2)


@planted("derivative-at-output", x=(4, 5))
class TanhFormulaAtInput(ta.Tanh):
    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, dy):
        return dy * (1 - self.x**2)


@planted("passes-upstream-through", x=(4, 5))
class TanhWithoutDerivative(ta.Tanh):
    def backward(self, dy):
        return dy


@planted("unknown", x=(4, 5))
class TanhSquareForgotten(ta.Tanh):
    def backward(self, dy):
        return dy * (1 - self.y)


@planted("derivative-at-output", x=(4, 5))
class SigmoidTwice(ta.Sigmoid):
    def backward(self, dy):
        s = sigmoid(self.y)
        return dy * s * (1 - s)


@planted("derivative-at-output", x=(4, 5))
class SigmoidFormulaAtInput(ta.Sigmoid):
    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, dy):
        return dy * self.x * (1 - self.x)


@planted("scaled", x=(4, 5))
class SigmoidSign(ta.Sigmoid):
    def backward(self, dy):
        return dy * self.y * (self.y - 1)


@planted("derivative-at-output", x=(4, 5))
class SoftplusAtOutput(ta.Softplus):
    def forward(self, x):
        y = super().forward(x)
        self.x = y
        return y


@planted("passes-upstream-through", x=(4, 5))
class LogSoftmaxPasses(ta.LogSoftmax):
    def backward(self, dy):
        return dy


@planted("missing-statistics-terms", x=(4, 5))
class LogSoftmaxOwnOnly(ta.LogSoftmax):
    def backward(self, dy):
        return dy * (1 - np.exp(self.y))


@planted("scaled", x=(4, 5))
class LogSoftmaxAveraged(ta.LogSoftmax):
    def backward(self, dy):
        return super().backward(dy) / len(dy)


@planted("missing-mask", 0.4, x=(4, 5))
class DropoutWithoutMask(ta.Dropout):
    def backward(self, dy):
        return dy


@planted("missing-mask", 0.4, x=(4, 5))
class DropoutMaskDrawnAgain(ta.Dropout):
    def backward(self, dy):
        return dy * (generator_for(dy).random(dy.shape) >= self.p) / (1 - self.p)


@planted("scaled", 0.3, x=(4, 5))
class DropoutUnscaled(ta.Dropout):
    def backward(self, dy):
        return dy * (self.mask > 0)


@planted("forward-inconsistent", 0.3, x=(4, 5))
class DropoutOwnGenerator(ta.Dropout):
    generator = np.random.default_rng(0)

    def forward(self, x):
        self.mask = (self.generator.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.mask


@planted("wrong-shape", x=(4, 2, 3))
class FlattenNotUndone(ta.Flatten):
    def backward(self, dy):
        return dy


@planted("channel-mixup", x=(4, 2, 3))
class FlattenOtherOrder(ta.Flatten):
    def backward(self, dy):
        return dy.reshape(self.shape, order="F")


@planted("channel-mixup", (2, 3), x=(4, 6))
class UnflattenMovesAxes(ta.Unflatten):
    def backward(self, dy):
        return dy.swapaxes(1, 2).reshape(len(dy), -1)
