"""What a model is made of, as JSON and arrays.

Every module is described once, the model itself first: its class, the arguments it was built
with, its sub-modules and arrays, its mode, and which settings were changed since.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tinyae.backend import to_numpy
from tinyae.errors import TinyaeError
from tinyae.files.building import Builder, arguments_of
from tinyae.files.values import encode, is_plain, kind
from tinyae.layers.module import Module, Parameter

__all__ = ["describe"]


def describe(model: Module) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A description that ``build`` makes an equal model from, and its arrays.

    To know that it can, and what was changed since the constructors ran, it is built here too.

    Returns
    -------
    description : dict
        Fit for JSON.
    arrays : dict of str to array
        Named as in ``state_dict``; what is shared stands there once, under its first name.

    Raises
    ------
    TinyaeError
        When the model cannot be made again: an argument or a later change is neither a number,
        a text, a layer, nor a list, tuple or dictionary of these; or a layer contains itself.
    """
    described = _Described()
    described.add(model, "")
    description = json.loads(json.dumps({"modules": described.entries}))
    builder = Builder(description, described.arrays)
    try:
        builder.make(0)
    except TinyaeError as reason:
        raise TinyaeError(f"{model.label}: cannot be saved: {reason}") from None
    for number, module in enumerate(described.modules):
        changes = _changes(module, builder.made[number])
        if changes:
            description["modules"][number]["changes"] = changes
    return description, described.arrays


class _Described:
    """Modules and their entries, numbered as they are met."""

    def __init__(self) -> None:
        self.modules: list[Module] = []
        self.entries: list[dict[str, Any]] = []
        self.arrays: dict[str, np.ndarray] = {}
        self.numbers: dict[int, int] = {}
        self.keys: dict[int, str] = {}

    def add(self, module: Module, path: str) -> int:
        """The number of a module; ``path`` comes before the names of what is in it."""
        if id(module) in self.numbers:
            return self.numbers[id(module)]
        number = self.numbers[id(module)] = len(self.entries)
        entry: dict[str, Any] = {"class": type(module).__name__, "home": type(module).__module__}
        self.modules.append(module)
        self.entries.append(entry)
        entry["arrays"] = {name: self.key(module, name, path) for name in module.own_arrays()}
        entry["children"] = {
            name: self.add(child, f"{path}{name}.") for name, child in module.children().items()
        }
        entry["arguments"] = {
            name: self.argument(module, name, value) for name, value in arguments_of(module).items()
        }
        entry["positional"] = len(module._arguments[0])
        entry["training"] = bool(module.training)
        return number

    def key(self, module: Module, name: str, path: str) -> str:
        """Under which name the array of an attribute is kept."""
        value, key = getattr(module, name), f"{path}{name}"
        if isinstance(value, Parameter):
            key, value = self.keys.setdefault(id(value), key), value.value
        self.arrays[key] = to_numpy(value)
        return key

    def argument(self, module: Module, name: str, value: Any) -> Any:
        """An argument as JSON; a layer in it that the model uses no more is described too."""
        try:
            return encode(value, lambda layer: self.add(layer, f"replaced {len(self.entries)}: "))
        except TinyaeError as reason:
            raise TinyaeError(
                f"{module.label}: cannot be saved: its argument {name} {reason}"
            ) from None


def _changes(module: Module, made: Module) -> dict[str, Any]:
    """Settings that have another value now than their constructor gave them, as JSON."""
    changes = {}
    for name, before in vars(made).items():
        now = vars(module).get(name, before)
        if name in ("_arguments", "training") or isinstance(before, Module | Parameter):
            continue
        if is_plain(before) and is_plain(now):
            if encode(now) != encode(before):
                changes[name] = encode(now)
        elif before is not None and not hasattr(now, "shape") and kind(now) != kind(before):
            raise TinyaeError(
                f"{module.label}: cannot be saved: its {name} was set to {kind(now)} after it was "
                "built; give it to the constructor instead"
            )
    return changes
