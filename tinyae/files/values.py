"""Arguments and settings of layers as JSON: numbers, texts, layers, and containers of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinyae.errors import TinyaeError
from tinyae.layers.module import Module

__all__ = ["decode", "encode", "is_plain", "kind", "module_numbers", "without_numbers"]


def _refuse(value: Any) -> Any:
    what = f"an array {value.shape}" if hasattr(value, "shape") else kind(value)
    raise TinyaeError(
        f"is {what}; a file holds numbers, texts, layers, and lists, tuples and "
        "dictionaries of them"
    )


def encode(value: Any, number: Callable[[Module], Any] = _refuse) -> Any:
    """A value as JSON; a layer becomes its number.

    Raises
    ------
    TinyaeError
        For anything but the kinds of values that a file can hold; by default, for layers too.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Module):
        return {"module": number(value)}
    if isinstance(value, list):
        return [encode(item, number) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [encode(item, number) for item in value]}
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {"dict": {name: encode(item, number) for name, item in value.items()}}
    return _refuse(value)


def decode(value: Any, module: Callable[[int], Module] = _refuse) -> Any:
    """The way back from ``encode``; ``module`` gives the layer of a number."""
    if isinstance(value, list):
        return [decode(item, module) for item in value]
    if isinstance(value, dict):
        ((word, content),) = value.items()
        if word == "module":
            return module(content)
        if word == "tuple":
            return tuple(decode(item, module) for item in content)
        return {name: decode(item, module) for name, item in content.items()}
    return value


def is_plain(value: Any) -> bool:
    """Whether ``encode`` takes it, and there is no layer in it."""
    try:
        encode(value)
    except TinyaeError:
        return False
    return True


def kind(value: Any) -> str:
    """The name of a function or class, or of the class of anything else."""
    return getattr(value, "__qualname__", type(value).__qualname__)


def module_numbers(value: Any) -> Iterator[int]:
    """The numbers of the layers in an encoded value."""
    if isinstance(value, list):
        for item in value:
            yield from module_numbers(item)
    if isinstance(value, dict):
        ((word, content),) = value.items()
        if word == "module":
            yield content
        else:
            yield from module_numbers(list(content.values()) if word == "dict" else content)


def without_numbers(value: Any) -> Any:
    """An encoded value that tells where there are layers in it, but not which."""
    if isinstance(value, list):
        return [without_numbers(item) for item in value]
    if isinstance(value, dict):
        if "module" in value:
            return "a module"
        return {name: without_numbers(item) for name, item in value.items()}
    return value
