"""Bugs in the optimizers, each beside the one it was made from."""

from collections.abc import Callable

import numpy as np

import tinyae as ta
from tests.zoo.mutant import keep
from tinyae.checking.steps import check_step


def planted(expected: str, **settings) -> Callable:
    """A class decorator: an optimizer, compared with the one it is a subclass of."""

    def register(kind):
        right = next(base for base in (ta.SGD, ta.Adam) if issubclass(kind, base))

        def check():
            return check_step(lambda p: kind(p, **settings), lambda p: right(p, **settings))

        keep(expected, kind.__name__, check, kind.__module__)
        return kind

    return register


@planted("scaled", lr=0.1)
class ClimbsUp(ta.SGD):
    def update(self, parameter, group, state):
        parameter.value += group["lr"] * parameter.grad


@planted("scaled", lr=0.1)
class RateSquared(ta.SGD):
    def update(self, parameter, group, state):
        parameter.value -= group["lr"] ** 2 * parameter.grad


@planted("zero", lr=0.1)
class ChangesACopy(ta.SGD):
    def update(self, parameter, group, state):
        value = parameter.value.copy()
        value -= group["lr"] * parameter.grad


@planted("not-in-place", lr=0.1)
class NewArray(ta.SGD):
    def update(self, parameter, group, state):
        parameter.value = parameter.value - group["lr"] * parameter.grad


@planted("not-cleared", lr=0.1)
class NeverCleared(ta.SGD):
    def zero_grad(self):
        pass


@planted("mutates-upstream", lr=0.1, weight_decay=0.1)
class DecayIntoGradient(ta.SGD):
    def update(self, parameter, group, state):
        parameter.grad += group["weight_decay"] * parameter.value
        parameter.value -= group["lr"] * parameter.grad


@planted("missing-decay", lr=0.1, weight_decay=0.1)
class DecayForgotten(ta.SGD):
    def update(self, parameter, group, state):
        parameter.value -= group["lr"] * parameter.grad


@planted("memory-lost", lr=0.1, momentum=0.9)
class MomentumForgotten(ta.SGD):
    def update(self, parameter, group, state):
        parameter.value -= group["lr"] * parameter.grad


@planted("memory-lost", lr=0.1, momentum=0.9)
class VelocityNotDecayed(ta.SGD):
    def update(self, parameter, group, state):
        state["velocity"] = state.get("velocity", 0.0) + parameter.grad
        parameter.value -= group["lr"] * state["velocity"]


@planted("missing-bias-correction", lr=0.01, eps=1e-12)
class NoCorrection(ta.Adam):
    def update(self, parameter, group, state):
        (beta1, beta2), g = group["betas"], parameter.grad
        state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g**2
        parameter.value -= group["lr"] * state["m"] / (np.sqrt(state["v"]) + group["eps"])


@planted("missing-bias-correction", lr=0.01, eps=1e-12)
class FirstMomentUncorrected(ta.Adam):
    def update(self, parameter, group, state):
        (beta1, beta2), g = group["betas"], parameter.grad
        state["t"] = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g**2
        v = state["v"] / (1 - beta2 ** state["t"])
        parameter.value -= group["lr"] * state["m"] / (np.sqrt(v) + group["eps"])


@planted("state-shared", lr=0.01)
class OneClockForAll(ta.Adam):
    def update(self, parameter, group, state):
        self.t = getattr(self, "t", 0) + 1
        if state:
            state["t"] = self.t - 1
        else:
            state.update(t=self.t - 1, m=0 * parameter.value, v=0 * parameter.value)
        super().update(parameter, group, state)


@planted("memory-lost", lr=0.01)
class BetasExchanged(ta.Adam):
    def update(self, parameter, group, state):
        super().update(parameter, {**group, "betas": group["betas"][::-1]}, state)


@planted("unknown", lr=0.01)
class RootForgotten(ta.Adam):
    def update(self, parameter, group, state):
        (beta1, beta2), g = group["betas"], parameter.grad
        state["t"] = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g**2
        m, v = state["m"] / (1 - beta1 ** state["t"]), state["v"] / (1 - beta2 ** state["t"])
        parameter.value -= group["lr"] * m / (v + group["eps"])
