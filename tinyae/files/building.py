"""A model made again from its description.

A class is a name, looked up among those that are defined already: nothing is imported, and there
is no code in a description.
"""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tinyae.backend import Array, default_module, supplied_by
from tinyae.errors import TinyaeError
from tinyae.files.values import decode, encode, is_plain, module_numbers, without_numbers
from tinyae.layers.module import Module, Parameter

__all__ = ["Builder", "arguments_of", "build"]

MOST_PATHS = 100_000
"""Ways from a model to its modules: a few that are shared can stand in billions of places."""

SPARE_NUMBERS = 2**22
"""What constructors may make beyond the arrays of the file."""

SMALLEST = 2**10
"""What an array costs at least, as it has an owner and a name."""


def build(description: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Module:
    """The model that ``describe`` described, on the backend in use.

    What is built is bounded by the size of the arrays, whatever the arguments of the layers say.

    Raises
    ------
    TinyaeError
        For a class that is not defined, for arguments that its constructor refuses, and for
        arrays that are missing, left over or of the wrong shape.
    """
    builder = Builder(description, arrays)
    model = builder.make(0)
    left_over = sorted(arrays.keys() - builder.filled.keys())
    if left_over:
        raise TinyaeError(f"{model.label}: has no place for the arrays {', '.join(left_over)}")
    return model


def arguments_of(module: Module) -> dict[str, Any]:
    """What a module was built with, by name."""
    args, kwargs = module._arguments
    return inspect.signature(type(module)).bind(*args, **kwargs).arguments


class Builder:
    """Makes the modules of a description, each once.

    Attributes
    ----------
    made : dict of int to Module
        By number.
    filled : dict of str to Parameter or array
        What holds the array of each name; a parameter may be in several modules.
    """

    def __init__(self, description: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        self.entries, self.arrays = description["modules"], arrays
        self.made: dict[int, Module] = {}
        self._taken: set[int] = set()
        self.filled: dict[str, Any] = {}
        self.allowance = _Allowance(arrays)
        _check_paths(self.entries)

    def make(self, number: int) -> Module:
        """The module of a number."""
        if number not in self.made:
            entry = self.entries[number]
            cls = _find_class(entry["class"], entry["home"])
            arguments = {name: decode(a, self.make) for name, a in entry["arguments"].items()}
            module = _construct(cls, arguments, entry["positional"], self.allowance)
            self._complete(number, module)
        return self.made[number]

    def _complete(self, number: int, module: Module) -> None:
        """Bring a module that a constructor made to the state that is described."""
        self.made[number], entry = module, self.entries[number]
        self._taken.add(id(module))
        present = module.children()
        for name, child_number in entry["children"].items():
            child = present.pop(name, None)
            if child is not None and self._fits(child, child_number):
                self._complete(child_number, child)
            made = self.make(child_number)
            if made is not child:
                _put(module, name, made)
        for name in present:
            setattr(module, name, None)
        _put_in_order(module, list(entry["children"]))
        self._fill(module, entry["arrays"])
        for name, value in entry.get("changes", {}).items():
            if name == "_arguments" or not is_plain(vars(module).get(name, ...)):
                raise TinyaeError(f"{module.label}: has no setting {name!r}")
            setattr(module, name, decode(value))
        module.training = bool(entry["training"])

    def _fits(self, child: Module, number: int) -> bool:
        """Whether a child that its parent's constructor made is the one described.

        The layers among its arguments need not be looked at: they are its children, as a rule,
        and their turn comes.
        """
        entry = self.entries[number]
        return (
            number not in self.made
            and id(child) not in self._taken
            and (type(child).__name__, type(child).__module__) == (entry["class"], entry["home"])
            and without_numbers(encode(arguments_of(child), lambda _: 0))
            == without_numbers({"dict": entry["arguments"]})
        )

    def _fill(self, module: Module, keys: Mapping[str, str]) -> None:
        """Give a module its arrays."""
        for name in set(module.own_arrays()) - keys.keys():
            setattr(module, name, None)
        for name, key in keys.items():
            if key not in self.arrays:
                raise TinyaeError(f"{module.label}: the array {key!r} is missing")
            present, is_buffer = getattr(module, name, None), name in module.buffers
            _check_array(module, name, present, self.arrays[key], is_buffer)
            if key not in self.filled:
                self.filled[key] = _filled(present, self.arrays[key], is_buffer)
            if self.filled[key] is not present:
                _put(module, name, self.filled[key])


class _Allowance:
    """How many numbers constructors may make: few more than the arrays they are made for."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.left = SPARE_NUMBERS + sum(4 * max(array.size, SMALLEST) for array in arrays.values())

    def spend(self, shape: Any) -> None:
        """Take away an array of this shape, and at least ``SMALLEST``."""
        size = math.prod(shape) if isinstance(shape, tuple | list) else int(shape)
        self.left -= max(size, SMALLEST)
        if self.left < 0:
            raise TinyaeError("its arguments ask for far more numbers than there are in the file")


class _Counted:
    """An array module or a generator whose makers of arrays spend from an allowance."""

    def __init__(self, makers: Any, allowance: _Allowance) -> None:
        self._makers, self._allowance = makers, allowance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._makers, name)

    def array(self, values: Any, *args: Any, **kwargs: Any) -> Array:
        self._allowance.spend(values.shape if hasattr(values, "shape") else np.shape(values))
        return self._makers.array(values, *args, **kwargs)

    def zeros(self, shape: Any, *args: Any, **kwargs: Any) -> Array:
        self._allowance.spend(shape)
        return self._makers.zeros(shape, *args, **kwargs)

    def ones(self, shape: Any, *args: Any, **kwargs: Any) -> Array:
        self._allowance.spend(shape)
        return self._makers.ones(shape, *args, **kwargs)

    def uniform(self, low: float, high: float, size: Any) -> Array:
        self._allowance.spend(size)
        return self._makers.uniform(low, high, size)


def _construct(
    cls: type[Module], arguments: dict[str, Any], positional: int, allowance: _Allowance
) -> Module:
    """Call a constructor, the first arguments by position and the others by name.

    The package's random numbers stay as they are.
    """
    signature = inspect.signature(cls)
    supplies = (_Counted(make, allowance) for make in (default_module(), np.random.default_rng(0)))
    try:
        unknown = sorted(arguments.keys() - signature.parameters.keys())
        if unknown:
            raise TinyaeError(f"it takes no argument {', '.join(unknown)}")
        bound = inspect.BoundArguments(signature, arguments)
        by_name = zip(
            list(signature.parameters)[positional:], bound.args[positional:], strict=False
        )
        with supplied_by(*supplies):
            return cls(*bound.args[:positional], **dict(by_name), **bound.kwargs)
    except Exception as reason:  # whatever a constructor says to arguments from a file
        words = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        raise TinyaeError(f"{cls.__name__}({words[:200]}) cannot be built: {reason}") from reason


def _check_array(module: Module, name: str, present: Any, array: np.ndarray, buffer: bool) -> None:
    """Refuse an array that is not like the one there; a new parameter may have any shape."""
    expected = getattr(present, "dtype", array.dtype) if buffer else np.dtype("float32")
    shape = getattr(present, "shape", array.shape)
    if (array.shape, array.dtype.kind) != (shape, expected.kind):
        raise TinyaeError(
            f"{module.label}: expected {name} of shape {shape} and a type like {expected}, "
            f"got {array.shape} and {array.dtype}"
        )


def _filled(present: Any, array: np.ndarray, is_buffer: bool) -> Any:
    """The parameter that was there, or a new one, with this value; or the array of a buffer."""
    xp = default_module()
    content = xp.array(array)
    if is_buffer:
        return content
    parameter = present if isinstance(present, Parameter) else Parameter(content)
    parameter.value, parameter.grad = content, xp.zeros_like(content)
    return parameter


def _put(module: Module, name: str, value: Any) -> None:
    """Assign an attribute, but no name that the class itself has a use for."""
    if getattr(type(module), name, None) is not None:
        raise TinyaeError(f"{module.label}: has no place for a layer or array called {name!r}")
    setattr(module, name, value)


def _put_in_order(module: Module, names: list[str]) -> None:
    """Have the children in this order: in a ``Sequential`` it is the order of the layers."""
    if list(module.children()) != names:
        for name in names:
            vars(module)[name] = vars(module).pop(name)


def _check_paths(entries: list[Any]) -> None:
    """Refuse modules that contain themselves, and so many paths that walking them takes ages."""
    paths: dict[int, int] = {}

    def count(number: int) -> int:
        if number not in paths:
            if not isinstance(number, int) or not 0 <= number < len(entries):
                raise TinyaeError(f"module {number!r} is not described")
            paths[number] = MOST_PATHS  # too many, should the way lead back here
            below = [*entries[number]["children"].values()]
            given = module_numbers({"dict": entries[number]["arguments"]})
            below += [each for each in given if each not in below]  # children, as a rule
            paths[number] = 1 + sum(map(count, below))
            if paths[number] > MOST_PATHS:
                raise TinyaeError("a module contains itself, or is shared too many times over")
        return paths[number]

    count(0)


def _find_class(name: str, home: str) -> type[Module]:
    """The class of this name, of the same module or at least package if there are several."""
    known = list(_subclasses(Module))
    named = [cls for cls in known if cls.__name__ == name]
    if not named:
        near = difflib.get_close_matches(str(name), {cls.__name__ for cls in known})
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise TinyaeError(
            f"unknown layer class {name!r}{hint} (define or import your own classes before loading)"
        )
    package = home.partition(".")[0]
    named.sort(key=lambda cls: (cls.__module__ == home, cls.__module__.startswith(package)))
    return named[-1]


def _subclasses(cls: type[Module]) -> Iterator[type[Module]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
