"""What a mutant is: a planted bug, the check that looks at it, and the code it must be given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import tinyae as ta
from tinyae.checking import Report

ZOO: list[Mutant] = []


@dataclass(frozen=True)
class Mutant:
    """A planted bug."""

    cage: str
    name: str
    expected: str
    check: Callable[[], Report]

    def __str__(self) -> str:
        return f"{self.cage}: {self.name}"

    def given(self) -> list[str]:
        """The codes of the findings, each once."""
        ta.seed(0)
        return list(dict.fromkeys(finding.mistake for finding in self.check().findings))


def keep(expected: str, name: str, check: Callable[[], Report], cage: str) -> None:
    """Put a mutant into the zoo."""
    ZOO.append(Mutant(cage.rpartition(".")[2], name, expected, check))


def planted(expected: str, *arguments: Any, x: tuple[int, ...], **settings: Any) -> Callable:
    """A class decorator: a layer with a bug, checked on an input of the shape x."""

    def register(layer_class: type[ta.Layer]) -> type[ta.Layer]:
        def check() -> Report:
            return ta.gradcheck(nowhere_special(layer_class(*arguments)), numbers(*x), **settings)

        keep(expected, layer_class.__name__, check, layer_class.__module__)
        return layer_class

    return register


def nowhere_special(layer: Any) -> Any:
    """The layer with no weight of 0 or 1, and no running mean of 0."""
    rng = np.random.default_rng(1)
    state = layer.state_dict()
    for path, value in state.items():
        if value.dtype.kind == "f":
            shift = rng.uniform(0.1, 0.5, value.shape) * rng.choice([-1, 1], value.shape)
            state[path] = value + shift
    layer.load_state_dict(state)
    return layer


def numbers(*shape: int) -> np.ndarray:
    """Normal numbers, not centred."""
    return np.random.default_rng(0).normal(size=shape) + 0.2
