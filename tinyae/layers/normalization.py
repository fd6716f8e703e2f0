"""Batch normalization."""

from __future__ import annotations

from tinyae.backend import Array, default_module
from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer
from tinyae.layers.module import Parameter

__all__ = ["BatchNorm", "BatchNorm1d", "BatchNorm2d"]


class BatchNorm(Layer):
    """y = γ x̂ + β with x̂ = (x − μ) / √(σ² + ε), for each feature on its own.

    Parameters
    ----------
    num_features : int
        Length of axis 1 of x.
    eps : float
        ε, added to the variance.
    momentum : float
        The share of the newest batch in the running mean and variance, in [0, 1].

    Attributes
    ----------
    weight, bias : Parameter, (num_features,)
        γ and β, starting at 1 and 0.
    running_mean, running_var : array, (num_features,)
        Moving averages over the batches seen in training, the variance with n − 1 in its
        denominator; used as μ and σ² in evaluation.
    num_batches_tracked : array, ()
        How many batches that were.

    Raises
    ------
    TinyaeError
        In training, for a batch with a single value a feature: it has no variance.

    Notes
    -----
    Shapes: x and y (N, num_features, …). In training μ and σ² are the mean and the variance
    (n in the denominator) of the batch, so every x_i moves all y_k: through x̂_i itself,
    through μ and through σ². With n values a feature and g = γ dy, from ∂μ/∂x_i = 1/n and
    ∂σ²/∂x_i = 2 (x_i − μ)/n follows

        dx_i = (g_i − mean(g) − x̂_i · mean(g · x̂)) / √(σ² + ε),

    and dγ = Σ dy · x̂, dβ = Σ dy. In evaluation μ and σ² are constants and only the first term
    stays: dx = g / √(σ² + ε). An upstream gradient of all ones is no test of this: it gives
    dx = 0 whatever γ is, as Σ y does not depend on x.

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", 2015.
    """

    buffers = ("running_mean", "running_var", "num_batches_tracked")

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        if num_features < 1 or not eps >= 0 or not 0 <= momentum <= 1:
            raise TinyaeError(
                f"{self.label}: expected num_features ≥ 1, eps ≥ 0 and momentum in [0, 1]"
            )
        xp = default_module()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = Parameter(xp.ones(num_features))
        self.bias = Parameter(xp.zeros(num_features))
        self.running_mean = xp.zeros(num_features, dtype="float32")
        self.running_var = xp.ones(num_features, dtype="float32")
        self.num_batches_tracked = xp.zeros((), dtype="int64")

    def forward(self, x: Array) -> Array:
        self.axes = (0, *range(2, x.ndim))
        mean, variance = self._statistics(x)
        self.inverse_std = self._columns(1 / (variance + self.eps) ** 0.5, x)
        self.normalized = (x - self._columns(mean, x)) * self.inverse_std
        self.in_training = self.training
        return self._columns(self.weight.value, x) * self.normalized + self._columns(
            self.bias.value, x
        )

    def backward(self, dy: Array) -> Array:
        self.weight.grad += (dy * self.normalized).sum(axis=self.axes)
        self.bias.grad += dy.sum(axis=self.axes)
        g = self._columns(self.weight.value, dy) * dy
        if self.in_training:
            correlation = (g * self.normalized).mean(axis=self.axes, keepdims=True)
            g = g - g.mean(axis=self.axes, keepdims=True) - self.normalized * correlation
        return g * self.inverse_std

    def _statistics(self, x: Array) -> tuple[Array, Array]:
        """The mean and variance to normalize with; in training, the running ones move."""
        if not self.training:
            return self.running_mean, self.running_var
        count = x.size // self.num_features
        if count < 2:
            raise TinyaeError(
                f"{self.label}: expected more than one value a feature in training, "
                f"got input {x.shape}; use a larger batch, "
                "DataLoader(…, drop_last=True), or model.eval()"
            )
        mean, variance = x.mean(axis=self.axes), x.var(axis=self.axes)
        self.running_mean += self.momentum * (mean - self.running_mean)
        self.running_var += self.momentum * (variance * count / (count - 1) - self.running_var)
        self.num_batches_tracked += 1
        return mean, variance

    def _columns(self, per_feature: Array, x: Array) -> Array:
        """A vector with a number a feature, shaped to broadcast along axis 1 of x."""
        return per_feature.reshape(1, -1, *[1] * (x.ndim - 2))


class BatchNorm1d(BatchNorm):
    """``BatchNorm`` of x (N, num_features) or (N, num_features, L)."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        self.input_axes = [("N", num_features), ("N", num_features, "L")]


class BatchNorm2d(BatchNorm):
    """``BatchNorm`` of x (N, num_features, H, W): one mean and variance a channel."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        self.input_axes = [("N", num_features, "H", "W")]
