"""``ta.trace``: methods are replaced inside a ``with`` block, and put back.

Outside the block nothing of this package is in the way of a call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer
from tinyae.layers.module import Module
from tinyae.losses import Loss
from tinyae.models import VAE
from tinyae.optimizers import Optimizer
from tinyae.stepping import branches
from tinyae.stepping.measure import memory_traced
from tinyae.stepping.recorder import Recorder
from tinyae.stepping.tape import Tape

__all__ = ["trace"]


@contextmanager
def trace(model: Module, lines: bool = False) -> Iterator[Tape]:
    """Record what a model does inside the block, layer by layer and phase by phase.

    Forward and backward passes of its layers, losses, and updates of its parameters become
    steps of the tape. Of large arrays a bounded picture and statistics are kept.

    Parameters
    ----------
    model : Module
        It computes what it would compute without the trace.
    lines : bool
        Whether to record every line of each ``forward`` and ``backward`` as it runs, too.

    Yields
    ------
    Tape

    Raises
    ------
    TinyaeError
        For what is no model.

    Examples
    --------
    ::

        with ta.trace(model) as tape:
            loss = criterion(model(x), x)
            model.backward(criterion.backward())
            optimizer.step()
        tape.to_html("one-step.html")
    """
    if not isinstance(model, Module):
        raise TinyaeError(f"trace: expected a Layer or a model, got {type(model).__name__}")
    tape = Tape(type(model).__name__)
    with ExitStack() as stack, memory_traced():
        _attach(Recorder(model, tape, lines), stack)
        yield tape


def _attach(recorder: Recorder, stack: ExitStack) -> None:
    """Replace the methods of layers, losses and optimizers until the stack unwinds."""

    def replace(owner: Any, name: str, record: Callable, *more: Any) -> None:
        known = (getattr(owner, name), owner, *more)
        _set(stack, owner, name, functools.partial(recorder.aside, record, known))

    def replace_in_class(owner: type, name: str, record: Callable) -> None:
        if name in vars(owner):
            _set(stack, owner, name, _shared(recorder, owner, name, record))

    for path, module in recorder.model.modules():
        if isinstance(module, Layer):
            replace(module, "forward", recorder.layer_forward, path)
            replace(module, "backward", recorder.layer_backward, path)
        elif isinstance(module, VAE):
            branches.attach(recorder, replace, path, module)
        if hasattr(module, "backward"):  # training shows the whole of it, too
            _set(stack, module, "accumulate", module.backward)
    for owner in (Loss, *_subclasses(Loss)):
        replace_in_class(owner, "forward", recorder.loss_forward)
        replace_in_class(owner, "backward", recorder.loss_backward)
    for owner in _subclasses(Optimizer):
        replace_in_class(owner, "update", recorder.update)


def _set(stack: ExitStack, owner: Any, name: str, method: Callable) -> None:
    """Set an attribute until the stack unwinds."""
    if name in vars(owner):
        stack.callback(setattr, owner, name, vars(owner)[name])
    else:
        stack.callback(delattr, owner, name)
    setattr(owner, name, method)


def _shared(recorder: Recorder, owner: type, name: str, record: Callable) -> Callable:
    """A method for all objects of a class; a call to ``super()`` is no step of its own."""
    own = vars(owner)[name]

    @functools.wraps(own)
    def method(self: Any, *arguments: Any) -> Any:
        if _defining(type(self), name) is not owner:
            return own(self, *arguments)
        return recorder.aside(record, (functools.partial(own, self), self), *arguments)

    return method


def _defining(cls: type, name: str) -> type:
    """The class that a method of ``cls`` comes from."""
    return next(parent for parent in cls.__mro__ if name in vars(parent))


def _subclasses(owner: type) -> list[type]:
    direct: list[type] = owner.__subclasses__()
    return direct + [below for cls in direct for below in _subclasses(cls)]
