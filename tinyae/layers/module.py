"""Parameters, and the tree of layers that holds them."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, TypeVar

import numpy as np

from tinyae.arguments import check_arguments, checked, signature
from tinyae.backend import Array, array_module, default_module, get_module, to_numpy
from tinyae.errors import TinyaeError, readable, refuse_size

__all__ = ["Module", "Parameter"]

Self = TypeVar("Self", bound="Module")


class Parameter:
    """An array that is learnt, with the gradient of the loss with respect to it.

    Parameters
    ----------
    value : array
        Any float array; it is kept as float32 on the backend in use.

    Attributes
    ----------
    value : array
        θ, changed in place by the optimizers.
    grad : array
        ∂L/∂θ, of the same shape. Every backward pass *adds* to it; ``zero_grad`` clears it.
    name : str
        Where it sits in the model whose ``parameters()`` was called last: ``"encoder.0.weight"``.
    """

    def __init__(self, value: Array) -> None:
        xp = default_module()
        try:
            self.value = xp.array(value, dtype="float32")
        except (TypeError, ValueError, OverflowError) as reason:
            raise TinyaeError(
                f"Parameter: expected value to be an array of numbers: {reason}"
            ) from None
        self.grad = xp.zeros_like(self.value)
        self.name = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value and of the gradient."""
        return self.value.shape

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return int(self.value.size)

    def zero_grad(self) -> None:
        """Set the gradient to zero."""
        self.grad[...] = 0

    def __repr__(self) -> str:
        return f"Parameter({self.name or 'unnamed'}, shape={self.shape}, dtype={self.value.dtype})"


class Module:
    """A holder of parameters and of further modules, each known by its attribute's name.

    Assigning is registering: ``self.weight = Parameter(...)`` makes ``weight`` a parameter,
    ``self.encoder = Sequential(...)`` makes ``encoder`` a sub-module. Nothing is declared.

    Attributes
    ----------
    training : bool
        Whether dropout drops and batch norm looks at the batch; set by ``train()``, ``eval()``.
    buffers : tuple of str, on the class
        Names of the arrays that are saved but not learnt (the running mean of batch norm).
    """

    buffers: ClassVar[tuple[str, ...]] = ()
    training: bool = True
    _arguments: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """See to two things in each class.

        One with a backward pass of its own has none of its parent's shortcuts to it, and a
        constructor whose arrays do not fit in memory says so.
        """
        super().__init_subclass__(**kwargs)
        if "backward" in vars(cls) and "accumulate" not in vars(cls):
            cls.accumulate = Module.accumulate  # type: ignore[method-assign]
        if "__init__" in vars(cls):
            cls.__init__ = _fitting(cls.__init__)  # type: ignore[method-assign]

    def __new__(cls: type[Self], *args: Any, **kwargs: Any) -> Self:
        """Remember what the module was built with, to print it and to build it again."""
        module = super().__new__(cls)
        module._arguments = (args, kwargs)
        home = getattr(cls.__init__, "__module__", "")  # object.__init__ has none
        if home.startswith("tinyae."):  # what others annotate is their own affair
            with contextlib.suppress(TypeError):  # Python says it better when it calls
                given = signature(cls).bind(*args, **kwargs).arguments  # type: ignore[arg-type]
                check_arguments(cls.__name__, cls.__init__, given)
        return module

    def children(self) -> dict[str, Module]:
        """The modules assigned to this one, by attribute name, in the order of assignment."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Module)}

    def modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all below it, each with its dotted path."""
        yield prefix, self
        for name, child in self.children().items():
            yield from child.modules(f"{prefix}.{name}" if prefix else name)

    def own_arrays(self) -> list[str]:
        """Names of the parameters, then of the buffers, of this module without those below."""
        parameters = [name for name, value in vars(self).items() if isinstance(value, Parameter)]
        return parameters + [name for name in self.buffers if getattr(self, name, None) is not None]

    def _places(self) -> Iterator[tuple[str, Module, str]]:
        """(path, owner, attribute) of every parameter and buffer, in PyTorch's order."""
        for path, module in self.modules():
            for name in module.own_arrays():
                yield f"{path}.{name}" if path else name, module, name

    def named_parameters(self) -> dict[str, Parameter]:
        """Every parameter at or below this module by its dotted path, shared ones once."""
        found: dict[int, tuple[str, Parameter]] = {}
        for path, owner, name in self._places():
            value = getattr(owner, name)
            if isinstance(value, Parameter):
                found.setdefault(id(value), (path, value))
        return dict(found.values())

    def parameters(self) -> list[Parameter]:
        """Every parameter at or below this module, each named by its path from here."""
        found = self.named_parameters()
        for path, parameter in found.items():
            parameter.name = path
        return list(found.values())

    def count_parameters(self) -> int:
        """How many numbers are learnt, shared ones counted once."""
        return sum(parameter.size for parameter in self.parameters())

    def zero_grad(self) -> None:
        """Clear the gradients, to be done before each backward pass that should not add up."""
        for parameter in self.parameters():
            parameter.zero_grad()

    @checked
    def train(self: Self, mode: bool = True) -> Self:
        """Switch to training mode (or, with ``False``, to evaluation); returns the module."""
        for _, module in self.modules():
            module.training = mode
        return self

    def eval(self: Self) -> Self:
        """Switch to evaluation mode: no dropout, batch norm with its running statistics."""
        return self.train(False)

    def _replace_arrays(self, change: Callable[[Array], Array]) -> None:
        for parameter in self.parameters():
            parameter.value = change(parameter.value)
            parameter.grad = change(parameter.grad)
        for _, owner, name in self._places():
            if name in owner.buffers:
                setattr(owner, name, change(getattr(owner, name)))

    def astype(self: Self, dtype: str) -> Self:
        """Convert weights, gradients and running statistics, in place; returns the module."""
        try:
            is_float = dtype is not None and np.dtype(dtype).kind == "f"
        except (TypeError, ValueError):
            is_float = False
        if not is_float:
            raise TinyaeError(
                f"{self.label}: expected a float type for the weights, got {readable(dtype)}"
            )
        self._replace_arrays(lambda a: a.astype(dtype) if a.dtype.kind == "f" else a)
        return self

    @checked
    def to(self: Self, backend: str) -> Self:
        """Move weights, gradients and running statistics to ``"numpy"`` or ``"cupy"``."""
        xp = get_module(backend)
        self._replace_arrays(lambda a: a if array_module(a) is xp else xp.asarray(to_numpy(a)))
        return self

    def accumulate(self, *dy: Array) -> None:
        """Add ∂L/∂θ to the gradients as ``backward`` does, with no need for ∂L/∂x.

        Training wants no more of what reads the data. Where ∂L/∂x costs much, a class leaves it
        out here; one that does not write this method gets by with its ``backward``.
        """
        self.backward(*dy)  # type: ignore[attr-defined]

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters and buffers by dotted path, named as PyTorch names them."""
        return {path: _content(owner, name).copy() for path, owner, name in self._places()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over all parameters and buffers from ``state``: all of them, or none.

        Parameters
        ----------
        state : mapping of str to array or CPU tensor
            As ``state_dict()`` gives it, here or in PyTorch.

        Raises
        ------
        TinyaeError
            When a key is missing or unknown, a shape differs or a value is no number; nothing
            is changed then.
        """
        if not isinstance(state, Mapping):
            raise TinyaeError(
                f"{self.label}: load_state_dict: expected state to be a dictionary of arrays, got "
                f"{type(state).__name__}"
            )
        places = {path: (owner, name) for path, owner, name in self._places()}
        missing, unknown = places.keys() - state.keys(), state.keys() - places.keys()
        if missing or unknown:
            raise TinyaeError(
                f"{self.label}: load_state_dict: missing {sorted(missing) or 'nothing'}, "
                f"unknown {sorted(unknown) or 'nothing'}"
            )
        arrays = {path: to_numpy(state[path]) for path in places}
        for path, (owner, name) in places.items():
            expected, got = _content(owner, name).shape, arrays[path]
            if got.shape != expected:
                raise TinyaeError(
                    f"{self.label}: load_state_dict: expected {path} of shape {expected}, "
                    f"got {got.shape}"
                )
            if got.dtype.kind not in "fiu":
                raise TinyaeError(
                    f"{self.label}: load_state_dict: expected {path} of numbers, got {got.dtype}"
                )
        for path, (owner, name) in places.items():
            content = _content(owner, name)
            content[...] = array_module(content).asarray(arrays[path])

    @property
    def label(self) -> str:
        """The module on one line, as error messages name it."""
        return type(self).__name__ if self.children() else repr(self)

    def __repr__(self) -> str:
        children = self.children()
        if not children:
            args, kwargs = self._arguments
            words = [_brief(a) for a in args] + [f"{k}={_brief(v)}" for k, v in kwargs.items()]
            return f"{type(self).__name__}({', '.join(words)})"
        lines = (f"  ({name}): {child!r}".replace("\n", "\n  ") for name, child in children.items())
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])


def _fitting(make: Callable[..., None]) -> Callable[..., None]:
    """A constructor that says so when its arrays do not fit in memory."""

    @functools.wraps(make)
    def made(self: Module, *args: Any, **kwargs: Any) -> None:
        try:
            make(self, *args, **kwargs)
        except (MemoryError, ValueError) as reason:
            refuse_size(self.label, reason)
            raise

    return made


def _content(owner: Module, name: str) -> Array:
    """The array behind an attribute that is a parameter or a buffer."""
    value = getattr(owner, name)
    return value.value if isinstance(value, Parameter) else value


def _brief(argument: Any) -> str:
    """An argument as it is printed: arrays by their shape."""
    return f"array{argument.shape}" if hasattr(argument, "shape") else repr(argument)
