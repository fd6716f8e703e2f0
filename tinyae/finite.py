"""Numbers that go wrong: where in a step of training the first NaN or infinity appeared.

Looking at every number of every step would cost as much as some layers. So little is looked at:
the loss, and the sum of squares of each gradient. Only when one of them is not finite, the batch
goes through once more, with the same random numbers, and every layer's result is looked at. A
weight that one step made infinite shows in the next batch's loss and is traced to that step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tinyae.backend import Array, all_finite, generator_states, restore_generators
from tinyae.errors import TinyaeError
from tinyae.layers.module import Module, Parameter

__all__ = ["Watch", "check_weights", "named_losses"]

CAUSES = {
    "forward": "a learning rate that is too high, data that is not scaled, or the exp of a large "
    "number, such as a log-variance",
    "loss": "the log of 0 or of a negative number, the exp of a large log-variance, or a learning "
    "rate that is too high",
    "backward": "a division by something near 0, the log of 0, or a learning rate that is too high",
    "update": "a learning rate that is too high",
}
"""What usually goes wrong in each phase of a step."""


def named_losses(parts: Any) -> dict[str, float]:
    """The loss and its parts as numbers, ``loss`` first."""
    values = {name: float(value) for name, value in vars(parts).items()}
    return {"loss": values.pop("total"), **values}


def check_weights(model: Module, place: str) -> None:
    """Refuse weights that are not finite; ``place`` tells after which batch."""
    for parameter in model.parameters():
        if not all_finite(parameter.value):
            raise _refusal("update", parameter.name or "a weight", place)


class Watch:
    """Runs the two passes of a step and stops at the first number that is not finite.

    Parameters
    ----------
    objective : object with ``loss(batch)`` and ``backward()``
    model : Module
        Where the layers are.
    """

    def __init__(self, objective: Any, model: Module) -> None:
        self.objective, self.model = objective, model
        self.accumulate = getattr(objective, "accumulate", objective.backward)
        self.parameters = model.parameters()
        self.place = "what came before training"

    def loss(self, batch: Sequence[Array], place: str) -> dict[str, float]:
        """The losses of a batch by name.

        Raises
        ------
        TinyaeError
            When the batch is refused or its loss is not finite.
        """
        self.batch, self.before = batch, generator_states()
        self.last_place, self.place = self.place, place
        try:
            values = named_losses(self.objective.loss(*batch))
        except TinyaeError as reason:
            self._look_again()
            raise TinyaeError(f"{reason} (loss, in {place})") from reason
        if not math.isfinite(values["loss"]):
            self._look_again()
            words = ", ".join(f"{name} {value:g}" for name, value in values.items())
            raise TinyaeError(
                f"fit: expected a finite loss, got {words} (loss, in {place}); "
                f"usual causes are {CAUSES['loss']}"
            )
        return values

    def backward(self) -> None:
        """The gradients of the last batch.

        Raises
        ------
        TinyaeError
            When one is not finite.
        """
        try:
            self.accumulate()
        except TinyaeError as reason:
            self._look_again()
            raise TinyaeError(f"{reason} (backward, in {self.place})") from reason
        if not all(all_finite(parameter.grad) for parameter in self.parameters):
            self._look_again()
            raise _refusal("backward", "a gradient", self.place)

    def _look_again(self) -> None:
        """The same batch once more, until the first layer that refuses or is not finite."""
        check_weights(self.model, self.last_place)
        restore_generators(self.before)
        for parameter in self.parameters:
            parameter.zero_grad()
        with _every_result_checked(self.model, self.place):
            try:
                values = named_losses(self.objective.loss(*self.batch))
                if not math.isfinite(values["loss"]):
                    return  # every layer's result is finite: the caller tells of the loss
                self.objective.backward()
            except _FirstTrouble as found:
                raise TinyaeError(str(found)) from None
            except TinyaeError:
                return  # the same refusal as before, which the caller reports


class _FirstTrouble(TinyaeError):
    """The first layer that refuses, or whose result is not finite."""


def _refusal(phase: str, what: str, place: str, kind: type[TinyaeError] = TinyaeError) -> Any:
    return kind(
        f"fit: expected finite numbers, got NaN or infinity in {what} ({phase}, in {place}); "
        f"usual causes are {CAUSES[phase]}"
    )


def _own(module: Module) -> list[Parameter]:
    return [value for value in vars(module).values() if isinstance(value, Parameter)]


def _called(path: str, module: Module) -> str:
    return f"layer {path}, {module.label}" if path else module.label


@contextmanager
def _every_result_checked(model: Module, place: str) -> Iterator[None]:
    """Inside the block, each layer's passes raise ``_FirstTrouble`` for what is not finite."""
    modules = list(model.modules()) if isinstance(model, Module) else []
    wrapped = []
    for path, module in modules:
        for phase in ("forward", "backward"):
            method = getattr(module, phase, None)
            if method is not None and phase not in vars(module):
                setattr(module, phase, _checked(method, phase, path, module, place))
                wrapped.append((module, phase))
    try:
        yield
    finally:
        for module, phase in wrapped:
            delattr(module, phase)


def _checked(
    method: Callable[..., Any], phase: str, path: str, module: Module, place: str
) -> Callable[..., Any]:
    name = _called(path, module)

    def checked(*arguments: Any) -> Any:
        try:
            result = method(*arguments)
        except _FirstTrouble:
            raise
        except TinyaeError as reason:
            where = f"layer {path}" if path else module.label
            raise _FirstTrouble(f"{reason} ({phase} of {where}, in {place})") from reason
        own = [parameter.grad for parameter in _own(module)]
        results = [result, *own] if phase == "backward" else [result]
        arrays = [array for array in results if hasattr(array, "dtype")]
        if not all(all_finite(array) for array in arrays):
            raise _refusal(phase, name, place, _FirstTrouble)
        return result

    return checked
