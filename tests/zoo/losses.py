"""Bugs in the losses."""

from collections.abc import Callable

import numpy as np

import tinyae as ta
from tests.zoo.mutant import keep, numbers

LABELS = np.array([2, 0, 1, 1, 2, 0, 2])
CHANCES = np.random.default_rng(1).uniform(0.1, 0.9, (4, 3))
TARGETS = np.random.default_rng(2).uniform(0.1, 0.9, (4, 3))


def planted(expected: str, x: np.ndarray, target: np.ndarray, **settings: str) -> Callable:
    """A class decorator: a loss with a bug, checked at a prediction x."""

    def register(loss):
        def check():
            return ta.gradcheck(loss(**settings), x, target=target)

        keep(expected, loss.__name__, check, loss.__module__)
        return loss

    return register


@planted("scaled", numbers(4, 3), TARGETS)
class MSEWithoutTwo(ta.MSELoss):
    def gradient(self, prediction, target):
        return prediction - target


@planted("scaled", numbers(4, 3), TARGETS)
class MSESign(ta.MSELoss):
    def gradient(self, prediction, target):
        return 2 * (target - prediction)


@planted("scaled", numbers(4, 3), TARGETS)
class MSEMeanForgotten(ta.MSELoss):
    def backward(self):
        return self.gradient(self.prediction, self.target)


@planted("scaled", numbers(4, 3), TARGETS)
class MSEDividedBySamples(ta.MSELoss):
    def backward(self):
        return self.gradient(self.prediction, self.target) / len(self.prediction)


@planted("scaled", numbers(4, 3), TARGETS, reduction="sum")
class MSESummedButAveraged(ta.MSELoss):
    def backward(self):
        return self.gradient(self.prediction, self.target) / self.prediction.size


@planted("unknown", CHANCES, TARGETS)
class BCEWithoutDenominator(ta.BCELoss):
    def gradient(self, prediction, target):
        return prediction - target


@planted("unknown", CHANCES, TARGETS)
class BCEFirstTermOnly(ta.BCELoss):
    def gradient(self, prediction, target):
        return -target / prediction


@planted("unknown", numbers(4, 3), TARGETS)
class LogitsWithoutSigmoid(ta.BCEWithLogitsLoss):
    def gradient(self, prediction, target):
        return prediction - target


@planted("scaled", numbers(4, 3), TARGETS)
class LogitsSign(ta.BCEWithLogitsLoss):
    def gradient(self, prediction, target):
        return -super().gradient(prediction, target)


@planted("unknown", numbers(7, 3), LABELS)
class CrossEntropyOneHotForgotten(ta.CrossEntropyLoss):
    def gradient(self, prediction, target):
        return np.exp(self.log_softmax.y)


@planted("unknown", numbers(7, 3), LABELS)
class CrossEntropyWithoutSoftmax(ta.CrossEntropyLoss):
    def gradient(self, prediction, target):
        return ta.NLLLoss.gradient(self, prediction, target)


@planted("scaled", numbers(7, 3), LABELS)
class CrossEntropyDividedByElements(ta.CrossEntropyLoss):
    def backward(self):
        return self.gradient(self.prediction, self.target) / self.prediction.size


@planted("channel-mixup", numbers(7, 3), LABELS)
class NLLShiftedLabels(ta.NLLLoss):
    def gradient(self, prediction, target):
        return super().gradient(prediction, (target + 1) % 3)


@planted("mutates-input", numbers(4, 3), TARGETS)
class MSEInPlace(ta.MSELoss):
    def terms(self, prediction, target):
        prediction -= target
        return prediction**2


@planted("zero", numbers(4, 3), TARGETS)
class MSEForgotten(ta.MSELoss):
    def gradient(self, prediction, target):
        return np.zeros_like(prediction)
