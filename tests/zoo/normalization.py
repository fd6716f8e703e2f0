"""Bugs in batch normalization."""

import tinyae as ta
from tests.zoo.mutant import planted


class BatchNorm1d(ta.BatchNorm1d):
    """The right one, with its three gradients apart so that each bug is one line."""

    def backward(self, dy):
        self.weight.grad += self.d_gamma(dy)
        self.bias.grad += self.d_beta(dy)
        return self.d_input(self.weight.value * dy)

    def d_gamma(self, dy):
        return (dy * self.normalized).sum(axis=0)

    def d_beta(self, dy):
        return dy.sum(axis=0)

    def d_input(self, g):
        correlation = (g * self.normalized).mean(axis=0)
        return (g - g.mean(axis=0) - self.normalized * correlation) * self.inverse_std


@planted("missing-statistics-terms", 3, x=(6, 3))
class StatisticsForConstants(BatchNorm1d):
    def d_input(self, g):
        return g * self.inverse_std


@planted("missing-statistics-terms", 3, x=(6, 3))
class VarianceForConstant(BatchNorm1d):
    def d_input(self, g):
        return (g - g.mean(axis=0)) * self.inverse_std


@planted("missing-statistics-terms", 3, x=(6, 3))
class MeanForConstant(BatchNorm1d):
    def d_input(self, g):
        return (g - self.normalized * (g * self.normalized).mean(axis=0)) * self.inverse_std


@planted("missing-statistics-terms", 2, x=(3, 2, 2, 3))
class VarianceForConstant2d(ta.BatchNorm2d):
    def backward(self, dy):
        super().backward(dy)
        g = self.weight.value[:, None, None] * dy
        g = g - g.mean(axis=(0, 2, 3), keepdims=True)
        return g * self.inverse_std[:, None, None]


@planted("scaled", 3, x=(6, 3))
class GammaForgotten(BatchNorm1d):
    def backward(self, dy):
        super().backward(dy)
        return self.d_input(dy)


@planted("scaled", 3, x=(6, 3))
class DeviationForgotten(BatchNorm1d):
    def d_input(self, g):
        return super().d_input(g) / self.inverse_std


@planted("missing-batch-sum", 3, x=(6, 3))
class GammaAveraged(BatchNorm1d):
    def d_gamma(self, dy):
        return (dy * self.normalized).mean(axis=0)


@planted("missing-batch-sum", 3, x=(6, 3))
class BetaOfOneSample(BatchNorm1d):
    def d_beta(self, dy):
        return dy[-1]


@planted("passes-upstream-through", 3, x=(6, 3))
class GammaWithoutNormalized(BatchNorm1d):
    def d_gamma(self, dy):
        return dy.sum(axis=0)


@planted("overwritten", 3, x=(6, 3))
class BetaOverwritten(BatchNorm1d):
    def backward(self, dy):
        dx = super().backward(dy)
        self.bias.grad = self.d_beta(dy)
        return dx


@planted("passes-upstream-through", 3, x=(6, 3))
class HandsUpstreamOn(BatchNorm1d):
    def d_input(self, g):
        return g / self.weight.value
