"""Losses: a number that says how wrong a prediction is, and its gradient."""

from __future__ import annotations

import math

import numpy as np

from tinyae.arguments import checked
from tinyae.backend import Array, all_finite, array_module
from tinyae.errors import TinyaeError, check_choice
from tinyae.layers.activations import LogSoftmax, positive_part, sigmoid

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "Loss",
    "MSELoss",
    "NLLLoss",
    "check_log_var",
    "gaussian_kl",
]


class Loss:
    """L = the sum or the mean of terms ℓ(prediction, target).

    ``value = loss(prediction, target)`` computes L and remembers both;
    ``loss.backward()`` returns ∂L/∂prediction.

    Parameters
    ----------
    reduction : "mean" or "sum"
        Of the terms: one an element, or one a sample where the target is a class label.
    """

    prediction: Array | None = None

    def __init__(self, reduction: str = "mean") -> None:
        check_choice(type(self).__name__, "reduction", reduction, ("mean", "sum"))
        self.reduction = reduction

    def __call__(self, prediction: Array, target: Array) -> Array:
        """The same as ``forward``."""
        return self.forward(prediction, target)

    def forward(self, prediction: Array, target: Array) -> Array:
        """L, a scalar of the prediction's type on its backend."""
        self.check(prediction, target)
        self.prediction, self.target = prediction, target
        terms = self.terms(prediction, target)
        self.count = terms.size
        total = terms.sum()
        return total / self.count if self.reduction == "mean" else total

    def backward(self) -> Array:
        """∂L/∂prediction, of the prediction's shape."""
        if self.prediction is None:
            raise TinyaeError(f"{type(self).__name__}: backward called before the loss itself")
        gradient = self.gradient(self.prediction, self.target)
        return gradient / self.count if self.reduction == "mean" else gradient

    def terms(self, prediction: Array, target: Array) -> Array:
        """The terms that are summed or averaged."""
        raise NotImplementedError

    def gradient(self, prediction: Array, target: Array) -> Array:
        """The gradient of the sum of the terms."""
        raise NotImplementedError

    def check(self, prediction: Array, target: Array) -> None:
        """Refuse what does not fit, before anything is computed."""
        name = type(self).__name__
        try:
            array_module(prediction, target)
        except TinyaeError as reason:
            raise TinyaeError(f"{name}: prediction and target: {reason}") from None
        if prediction.dtype.kind != "f":
            raise TinyaeError(f"{name}: expected a float prediction, got {prediction.dtype}")
        if prediction.size == 0:
            raise TinyaeError(
                f"{name}: expected at least one sample, got prediction {prediction.shape}"
            )
        self.check_target(prediction, target)
        causes = "; usual causes are a learning rate that is too high and data that is not scaled"
        self.check_finite("prediction", prediction, causes)
        self.check_finite("target", target)

    def check_finite(self, role: str, values: Array, causes: str = "") -> None:
        """Refuse NaN and infinity."""
        if not all_finite(values):
            bad = int((~array_module(values).isfinite(values)).sum())
            raise TinyaeError(
                f"{type(self).__name__}: expected a finite {role}, got {bad} NaN or infinite "
                f"values among {values.size}{causes}"
            )

    def check_target(self, prediction: Array, target: Array) -> None:
        """By default, a target of the prediction's shape and of a float type."""
        name = type(self).__name__
        if target.shape != prediction.shape:
            raise TinyaeError(
                f"{name}: expected a target of the prediction's shape {prediction.shape}, "
                f"got {target.shape}"
            )
        if target.dtype.kind != "f":
            raise TinyaeError(f"{name}: expected a float target, got {target.dtype}")


class MSELoss(Loss):
    """ℓ = (ŷ − t)².

    Notes
    -----
    Shapes: prediction and target any, the same. ∂ℓ/∂ŷ = 2 (ŷ − t).
    """

    def terms(self, prediction: Array, target: Array) -> Array:
        difference = prediction - target
        difference *= difference
        return difference

    def gradient(self, prediction: Array, target: Array) -> Array:
        difference = prediction - target
        difference *= 2
        return difference


class BCELoss(Loss):
    """ℓ = −t log ŷ − (1 − t) log(1 − ŷ), binary cross-entropy of a chance ŷ.

    Raises
    ------
    TinyaeError
        For a prediction or target outside [0, 1].

    Notes
    -----
    Shapes: prediction and target any, the same. ∂ℓ/∂ŷ = (ŷ − t) / (ŷ (1 − ŷ)). At ŷ = 0 and
    ŷ = 1 a logarithm is −∞ and a quotient 1/0: as in PyTorch, logarithms are held at −100
    and the denominator at 10⁻¹², so that both stay finite. The code sorts ℓ by t, which takes
    fewer operations: ℓ = t (log(1 − ŷ) − log ŷ) − log(1 − ŷ).
    """

    def terms(self, prediction: Array, target: Array) -> Array:
        xp = array_module(prediction)
        with np.errstate(divide="ignore"):
            log_one = xp.log(prediction).clip(-100, 0)
            log_zero = xp.log1p(-prediction).clip(-100, 0)
        return target * (log_zero - log_one) - log_zero

    def gradient(self, prediction: Array, target: Array) -> Array:
        return (prediction - target) / (prediction * (1 - prediction)).clip(1e-12, 1)

    def check_target(self, prediction: Array, target: Array) -> None:
        super().check_target(prediction, target)
        for role, values in (("prediction", prediction), ("target", target)):
            low, high = float(values.min()), float(values.max())
            if not (low >= 0 and high <= 1):
                raise TinyaeError(
                    f"BCELoss: expected a {role} within [0, 1], got values from {low:g} to "
                    f"{high:g}; use BCEWithLogitsLoss for logits, or scale the data"
                )


class BCEWithLogitsLoss(Loss):
    """ℓ = log(1 + eˣ) − t x: binary cross-entropy of the chance σ(x), from the logit x.

    Notes
    -----
    Shapes: prediction and target any, the same. Inserting ŷ = σ(x) into the cross-entropy
    gives −t x + log(1 + eˣ), computed as max(x, 0) − t x + log(1 + e^−|x|), which is exact for
    large |x| too. The quotient of ``BCELoss`` cancels against σ′: ∂ℓ/∂x = σ(x) − t.
    """

    def terms(self, prediction: Array, target: Array) -> Array:
        xp = array_module(prediction)
        overflow_free = xp.log1p(xp.exp(-xp.abs(prediction)))
        return positive_part(prediction) - target * prediction + overflow_free

    def gradient(self, prediction: Array, target: Array) -> Array:
        return sigmoid(prediction) - target


class NLLLoss(Loss):
    """ℓ_n = −x[n, t_n], the negative log-likelihood of the labels t.

    Raises
    ------
    TinyaeError
        For labels that are no integers or lie outside 0 … C − 1.

    Notes
    -----
    Shapes: prediction (N, C), log-probabilities such as ``LogSoftmax`` gives; target (N,),
    integer. The gradient is −1 at [n, t_n] and 0 elsewhere. The mean is over the N samples.
    """

    def terms(self, prediction: Array, target: Array) -> Array:
        xp = array_module(prediction)
        return -prediction[xp.arange(len(target)), target]

    def gradient(self, prediction: Array, target: Array) -> Array:
        xp = array_module(prediction)
        d_prediction = xp.zeros_like(prediction)
        d_prediction[xp.arange(len(target)), target] = -1
        return d_prediction

    def check_target(self, prediction: Array, target: Array) -> None:
        name = type(self).__name__
        if prediction.ndim != 2:
            raise TinyaeError(f"{name}: expected a prediction (N, C), got {prediction.shape}")
        if target.shape != prediction.shape[:1]:
            raise TinyaeError(
                f"{name}: expected labels of shape {prediction.shape[:1]}, got {target.shape}"
            )
        if target.dtype.kind not in "iu":
            raise TinyaeError(f"{name}: expected integer labels, got {target.dtype}")
        low, high, classes = int(target.min()), int(target.max()), prediction.shape[1]
        if low < 0 or high >= classes:
            raise TinyaeError(
                f"{name}: expected labels in 0 … {classes - 1}, got labels from {low} to {high}"
            )


class CrossEntropyLoss(NLLLoss):
    """ℓ_n = −log softmax(x_n)[t_n]: ``LogSoftmax`` and ``NLLLoss`` in one, from scores x.

    Notes
    -----
    Shapes: prediction (N, C), any scores; target (N,), integer labels. The backward passes of
    the two parts together give ∂ℓ_n/∂x[n, c] = softmax(x_n)[c] − [c = t_n].
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.log_softmax = LogSoftmax()

    def terms(self, prediction: Array, target: Array) -> Array:
        return super().terms(self.log_softmax.forward(prediction), target)

    def gradient(self, prediction: Array, target: Array) -> Array:
        return self.log_softmax.backward(super().gradient(prediction, target))


@checked
def gaussian_kl(mean: Array, log_var: Array) -> tuple[Array, Array, Array]:
    """KL(N(μ, σ²) ‖ N(0, 1)) summed over all elements, and its gradients.

    Per element ½ (μ² + σ² − 1 − log σ²), with log σ² = ``log_var``. Hence ∂KL/∂μ = μ and
    ∂KL/∂(log σ²) = ½ (σ² − 1).

    Parameters
    ----------
    mean, log_var : array, the same shape

    Returns
    -------
    value : scalar array
        In nats, 0 where μ = 0 and σ = 1.
    d_mean, d_log_var : array, the shape of ``mean``

    Raises
    ------
    TinyaeError
        For shapes that differ, and for a ``log_var`` whose exp is infinite.

    References
    ----------
    Kingma and Welling, "Auto-encoding variational Bayes", 2014, appendix B.
    """
    xp = array_module(mean, log_var)
    if mean.shape != log_var.shape:
        raise TinyaeError(
            f"gaussian_kl: expected mean and log_var of one shape, got {mean.shape} "
            f"and {log_var.shape}"
        )
    check_log_var(log_var)
    variance = xp.exp(log_var)
    value = 0.5 * (mean**2 + variance - 1 - log_var).sum()
    return value, mean.copy(), 0.5 * (variance - 1)


def check_log_var(log_var: Array) -> None:
    """Refuse the log of a variance that is beyond the range of its type: 88 in float32."""
    dtype = log_var.dtype if log_var.dtype.kind == "f" else "float64"
    limit = math.log(np.finfo(dtype).max)
    if log_var.size and not log_var.max() <= limit:
        raise TinyaeError(
            f"log_var (the log of a variance): expected at most {limit:.0f}, as exp(log_var) is "
            f"infinite beyond, got up to {float(log_var.max()):g}; usual causes are a learning "
            "rate that is too high and data that is not scaled"
        )
