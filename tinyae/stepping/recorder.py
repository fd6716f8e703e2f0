"""Recording: how a call becomes a step of a tape."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinyae.backend import Array
from tinyae.layers.base import Layer
from tinyae.layers.module import Module, Parameter
from tinyae.losses import Loss
from tinyae.optimizers import Optimizer
from tinyae.stepping.formulas import axes_of, computation, formulas_of, window_of
from tinyae.stepping.lines import LineWatch, source_of
from tinyae.stepping.measure import Meter
from tinyae.stepping.snapshot import Snapshot, take
from tinyae.stepping.tape import Step, Tape

__all__ = ["Recorder"]


@dataclass
class _Call:
    """A call that runs: what it measures, and what the calls inside it took and gave."""

    meter: Meter
    inner: list[tuple[Any, Any]] = field(default_factory=list)

    def is_chain(self, taken: Any, given: Any) -> bool:
        """Whether it did nothing but hand its argument from one layer to the next."""
        handed = [taken, *(result for _, result in self.inner)]
        return (
            bool(self.inner)
            and given is handed[-1]
            and all(x is expected for (x, _), expected in zip(self.inner, handed, strict=False))
        )


class Recorder:
    """Makes steps of calls.

    Attributes
    ----------
    before : dict
        For (id of a layer, method): called with the argument before the call is recorded.
    given : dict
        For (id of an object, method): the Snapshot of what the last call returned.
    flows : dict of str to dict
        For each path, the arrays of its last forward pass by name.
    """

    def __init__(self, model: Module, tape: Tape, lines: bool) -> None:
        self.model, self.tape, self.with_lines = model, tape, lines
        self.names = {id(p): name for name, p in model.named_parameters().items()}
        self.pool: dict[Any, Any] = {}
        self.places: dict[Any, tuple[Any, str]] = {}
        self.used: set[str] = set()
        self.calls: list[_Call] = []
        self.before: dict[tuple[int, str], Callable[[Any], None]] = {}
        self.given: dict[tuple[int, str], Snapshot] = {}
        self.flows: dict[str, dict[str, Snapshot]] = {}
        for name, parameter in model.named_parameters().items():
            self.mark(parameter.value, name)
            self.mark(parameter.grad, name)

    # layers

    def layer_forward(self, run: Callable, layer: Layer, path: str, x: Array) -> Array:
        """A forward pass, as a step unless it only hands x from layer to layer."""
        place = self.place(x) or ("input" if not self.tape.steps else f"{path}.x")
        taken = self.snap(x, place)
        y, call, watch = self.run(layer, "forward", run, (x,), "y")
        if not call.is_chain(x, y):
            given = self.snap(y, self.place(y) or self.new_place(f"{path}.y"))
            self.flows[path] = {"x": taken, "y": given}
            self.add(
                layer, "forward", "forward", path, call, watch,
                inputs={"x": taken}, outputs={"y": given}, parameters=self.own_arrays(layer, path),
            )  # fmt: skip
        return y

    def layer_backward(self, run: Callable, layer: Layer, path: str, dy: Array) -> Array:
        """A backward pass, likewise."""
        hook = self.before.get((id(layer), "backward"))
        if hook:
            hook(dy)
        flow = self.flows.get(path, {})
        place = flow["y"].place if flow else self.place(dy) or f"{path}.y"
        taken = self.snap(dy, place)
        dx, call, watch = self.run(layer, "backward", run, (dy,), "dL/dx")
        given = self.snap(dx, flow["x"].place if flow else self.place(dx) or f"{path}.x")
        self.given[id(layer), "backward"] = given
        if not call.is_chain(dy, dx):
            self.add(
                layer, "backward", "backward", path, call, watch,
                inputs={"dL/dy": taken}, outputs={"dL/dx": given},
                parameters=self.own_arrays(layer, path), gradients=self.own_gradients(layer),
                remembered=flow,
            )  # fmt: skip
        return dx

    # losses and updates

    def loss_path(self, loss: Loss) -> str:
        """``"reconstruction"`` for the loss that is part of a VAE."""
        parts = (getattr(m, "reconstruction_loss", None) for _, m in self.model.modules())
        return "reconstruction" if any(part is loss for part in parts) else "loss"

    def loss_forward(self, run: Callable, loss: Loss, prediction: Array, target: Array) -> Array:
        """The value of a loss."""
        path = self.loss_path(loss)
        inputs = {
            "prediction": self.snap(prediction, self.place(prediction) or "prediction"),
            "target": self.snap(target, self.place(target) or "target"),
        }
        value, call, watch = self.run(loss, "forward", run, (prediction, target), "L")
        self.flows[path] = inputs
        outputs = {"L": self.snap(value, f"{path}.value")}
        self.add(loss, "forward", "loss", path, call, watch, inputs=inputs, outputs=outputs)
        return value

    def loss_backward(self, run: Callable, loss: Loss) -> Array:
        """The gradient of a loss."""
        path, name = self.loss_path(loss), "dL/dprediction"
        gradient, call, watch = self.run(loss, "backward", run, (), name)
        flow = self.flows.get(path, {})
        place = flow["prediction"].place if flow else "prediction"
        outputs = {name: self.snap(gradient, place)}
        self.add(loss, "backward", "backward", path, call, watch, outputs=outputs, remembered=flow)
        return gradient

    def update(
        self, run: Callable, optimizer: Optimizer, parameter: Parameter, group: dict, state: dict
    ) -> None:
        """A step of one parameter, if it is one of the model."""
        name = self.names.get(id(parameter))
        if name is None:
            return run(parameter, group, state)
        before = self.snap(parameter.value, name)
        gradient = self.snap(parameter.grad, name)
        arguments = (parameter, group, state)
        _, call, watch = self.run(optimizer, "update", run, arguments, "")
        memory = {k: self.snap(v, name) for k, v in state.items() if hasattr(v, "shape")}
        self.add(
            optimizer, "update", "update", name, call, watch,
            layer=f"{type(optimizer).__name__}(lr={group['lr']:g})",
            inputs={"before": before}, gradients={"gradient": gradient},
            outputs={"after": self.snap(parameter.value, name)}, remembered=memory,
        )  # fmt: skip
        return None

    # the parts of a step

    def aside(self, record: Callable, known: tuple, *arguments: Any) -> Any:
        """Record a call; what that costs is no part of the call that it is made from.

        ``known`` starts with the method itself, which is all that runs once the tape is full.
        """
        if self.tape.full:
            self.tape.left_out += 1
            return known[0](*arguments)
        outer = self.calls[-1] if self.calls else None
        if outer is None:
            return record(*known, *arguments)
        outer.meter.pause()
        try:
            return record(*known, *arguments)
        finally:
            outer.meter.resume()

    def run(
        self,
        owner: Any,
        method: str,
        run: Callable,
        arguments: tuple,
        result: str,
        function: Callable | None = None,
    ) -> tuple[Any, _Call, LineWatch | None]:
        """Call a method, measured and, if wanted, watched line by line."""
        outer = self.calls[-1] if self.calls else None
        call = _Call(Meter())
        self.calls.append(call)
        function = function or getattr(type(owner), method)
        watch = self.watch(function, owner, result, call) if self.with_lines else None
        try:
            with ExitStack() as stack:
                if watch:
                    stack.enter_context(watch)
                call.meter.resume()
                stack.callback(call.meter.pause)
                value = run(*arguments)
        finally:
            self.calls.pop()
            if outer:
                outer.meter.include(call.meter)
        if outer and arguments:
            outer.inner.append((arguments[0], value))
        return value, call, watch

    def watch(self, function: Callable, owner: Any, result: str, call: _Call) -> LineWatch:
        """What follows the lines of one call."""

        def snapshot(name: str, array: Any) -> Snapshot:
            return take(array, self.place(array) or "", self.pool)

        return LineWatch(function, owner, result, snapshot, call.meter.pause, call.meter.resume)

    def add(
        self, owner: Any, method: str, phase: str, path: str,
        call: _Call | None, watch: LineWatch | None, **parts: Any,
    ) -> None:  # fmt: skip
        """Put a step on the tape."""
        names = [name for group in parts.values() if isinstance(group, dict) for name in group]
        known = computation(type(owner), method)
        step = {
            "layer": owner.label if isinstance(owner, Module) else type(owner).__name__,
            "formulas": formulas_of(type(owner), method, phase),
            "axes": {name: axes_of(type(owner), method, name) for name in names},
            "sums": known.sums if known else {},
            "window": window_of(owner),
            "source": source_of(getattr(type(owner), method)),
            **parts,
        }
        if call:
            step.update(seconds=call.meter.seconds, memory=call.meter.peak)
        if watch:
            step.update(lines=tuple(watch.lines), lines_left_out=watch.left_out)
        number = len(self.tape.steps) + 1
        self.tape.steps.append(Step(number=number, path=path, phase=phase, **step))

    def own_arrays(self, layer: Layer, path: str) -> dict[str, Snapshot]:
        """Parameters and buffers of a layer, without those of layers inside it."""
        found = {}
        for name in layer.own_arrays():
            value = getattr(layer, name)
            if isinstance(value, Parameter):
                found[name] = self.snap(value.value, self.names.get(id(value), f"{path}.{name}"))
            else:
                found[name] = self.snap(value, f"{path}.{name}")
        return found

    def own_gradients(self, layer: Layer) -> dict[str, Snapshot]:
        """∂L/∂θ of a layer's own parameters."""
        own = {name: getattr(layer, name) for name in layer.own_arrays()}
        parameters = {name: p for name, p in own.items() if isinstance(p, Parameter)}
        return {
            f"dL/d{name}": self.snap(p.grad, self.names.get(id(p), name))
            for name, p in parameters.items()
        }

    def snap(self, array: Any, place: str) -> Snapshot:
        """Keep a picture of an array, and remember where it belongs."""
        self.mark(array, place)
        return take(array, place, self.pool)

    def mark(self, array: Any, place: str) -> None:
        """Remember where an array belongs, as long as it lives."""
        with suppress(TypeError):  # a number, or an array that cannot be told from a later one
            self.places[_identity(array)] = (weakref.ref(array), place)

    def place(self, array: Any) -> str | None:
        """Where an array belongs that was seen before, itself or as a view of the same numbers."""
        reference, place = self.places.get(_identity(array), (lambda: None, None))
        return None if reference() is None else place

    def new_place(self, name: str) -> str:
        """``name``, or the same with a number where a layer ran before."""
        found, number = name, 1
        while found in self.used:
            number += 1
            found = f"{name} ({number})"
        self.used.add(found)
        return found


def _identity(array: Any) -> Any:
    """Equal for arrays that are the same numbers at the same place in memory."""
    if isinstance(array, np.ndarray):
        return array.ctypes.data, array.shape, array.strides, array.dtype.str
    return id(array)
