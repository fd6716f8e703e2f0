"""Batch normalization."""

from __future__ import annotations

from tinyae.backend import Array, array_module, default_module
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

    and dγ = Σ dy · x̂, dβ = Σ dy. The two means are γ dβ/n and γ dγ/n, so that
    dx_i = γ / √(σ² + ε) · (dy_i − dβ/n − x̂_i · dγ/n): no further sums. In evaluation μ and σ²
    are constants and only the first term stays: dx = g / √(σ² + ε). An upstream gradient of all
    ones is no test of this: it gives dx = 0 whatever γ is, as Σ y does not depend on x.

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
        self._check_count(x)
        rows = x.reshape(len(x), -1)
        count = rows.size // self.num_features
        mean = self._gathered(rows.sum(axis=0)) / count if self.training else self.running_mean
        self.normalized = rows - self._spread(mean, rows)
        variance = self.running_var
        if self.training:
            variance = self._gathered(_products(self.normalized, self.normalized)) / count
            self._track(mean, variance, count)
        self.inverse_std = 1 / (variance + self.eps) ** 0.5
        self.normalized *= self._spread(self.inverse_std, rows)
        self.in_training = self.training
        y = self.normalized * self._spread(self.weight.value, rows)
        y += self._spread(self.bias.value, rows)
        return y.reshape(x.shape)

    def backward(self, dy: Array) -> Array:
        rows = dy.reshape(len(dy), -1)
        d_weight = self._gathered(_products(rows, self.normalized))
        d_bias = self._gathered(rows.sum(axis=0))
        self.weight.grad += d_weight
        self.bias.grad += d_bias
        slope, dx = self.weight.value * self.inverse_std, rows
        if self.in_training:
            count = rows.size // self.num_features
            dx = self.normalized * self._spread(d_weight / -count, rows)
            dx += rows
            dx -= self._spread(d_bias / count, rows)
        return (dx * self._spread(slope, rows)).reshape(dy.shape)

    def _check_count(self, x: Array) -> None:
        if self.training and x.size // self.num_features < 2:
            raise TinyaeError(
                f"{self.label}: expected more than one value a feature in training, "
                f"got input {x.shape}; use a larger batch, "
                "DataLoader(…, drop_last=True), or model.eval()"
            )

    def _track(self, mean: Array, variance: Array, count: int) -> None:
        """Let the running statistics move towards those of a batch."""
        self.running_mean += self.momentum * (mean - self.running_mean)
        self.running_var += self.momentum * (variance * count / (count - 1) - self.running_var)
        self.num_batches_tracked += 1

    def _spread(self, per_feature: Array, rows: Array) -> Array:
        """A number a feature, repeated for each of the feature's places in a row."""
        return per_feature.repeat(rows.shape[1] // self.num_features)

    def _gathered(self, per_place: Array) -> Array:
        """A number a place of a row, summed over the places of each feature."""
        return per_place.reshape(self.num_features, -1).sum(axis=1)


def _products(a: Array, b: Array) -> Array:
    """Σ_n a[n, k] · b[n, k]."""
    return array_module(a).einsum("nk,nk->k", a, b)


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
