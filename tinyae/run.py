"""A run of ``fit``: everything that it changes as it goes, and the way into a file and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tinyae.backend import array_module, generator_states, restore_generators, to_numpy
from tinyae.errors import TinyaeError
from tinyae.finite import check_weights
from tinyae.history import History, Meter
from tinyae.layers.module import Module
from tinyae.optimizers import Optimizer

__all__ = ["Run"]

Arrays = dict[str, np.ndarray]


class Run:
    """What training goes through and what it changes.

    Parameters
    ----------
    model : Module
    optimizer : Optimizer
    data : iterable of batches
        It draws its random numbers, if any, from the package's generator or from its own,
        called ``generator``; its own or that of its ``batches``.
    meter : Meter
    observers : mapping of str to object
        Those with ``state_dict()``, arrays by name, and ``load_state_dict(d)`` are kept too.

    Attributes
    ----------
    settings : dict
        What else makes it this run and no other; fit for JSON.
    history : History
    epoch, batch : int
        What comes next, from 0.
    """

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        data: Any,
        meter: Meter,
        observers: Mapping[str, Any],
    ) -> None:
        self.model, self.optimizer, self.data, self.meter = model, optimizer, data, meter
        self.observers = {name: it for name, it in observers.items() if hasattr(it, "state_dict")}
        self.history, self.epoch, self.batch = History(), 0, 0
        self.settings: dict[str, Any] = {}
        self.epoch_start: dict[str, Any] = {}

    @property
    def place(self) -> str:
        """The last batch that was trained on, in words."""
        if self.batch:
            return f"epoch {self.epoch + 1}, batch {self.batch}"
        return f"epoch {self.epoch}" if self.epoch else "the start"

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return self.epoch == self.settings["epochs"]

    def rest_of_epoch(self) -> Iterator[Any]:
        """The batches of this epoch that are still to come.

        In the middle of an epoch the data is gone through again from the epoch's beginning,
        with the random numbers of that time, up to where training stands.
        """
        now = self._generators()
        if not self.batch:
            self.epoch_start = now
            return iter(self.data)
        self._set_generators(self.epoch_start)
        batches = iter(self.data)
        for _ in range(self.batch):
            next(batches)
        self._set_generators(now)
        return batches

    def identity(self) -> dict[str, Any]:
        """What a checkpoint must have in common with this run to be of it, before it starts."""
        arrays = self.model.state_dict()
        return _as_json(
            {
                "model": type(self.model).__name__,
                "arrays": {path: [str(a.dtype), list(a.shape)] for path, a in arrays.items()},
                "optimizer": type(self.optimizer).__name__,
                "groups": self._groups(),
                **self.settings,
            }
        )

    def pack(self) -> tuple[dict[str, Any], Arrays]:
        """All that changes: numbers fit for JSON, and arrays by name.

        Raises
        ------
        TinyaeError
            When a weight is not finite.
        """
        check_weights(self.model, self.place)
        arrays = {f"model.{path}": to_numpy(a) for path, a in self.model.state_dict().items()}
        numbers: list[dict[str, Any]] = []
        for index, memory in enumerate(self._memories()):
            plain = {name: value for name, value in memory.items() if not hasattr(value, "shape")}
            numbers.append(plain)
            for name in memory.keys() - plain.keys():
                arrays[f"optimizer.{index}.{name}"] = to_numpy(memory[name])
        for name, observer in self.observers.items():
            for key, array in observer.state_dict().items():
                arrays[f"{name}.{key}"] = np.asarray(array)
        description = {
            "epoch": self.epoch,
            "batch": self.batch,
            "history": self.history,
            "sums": self.meter.sums,
            "samples": self.meter.samples,
            "groups": self._groups(),
            "memories": numbers,
            "generators": self._generators(),
            "epoch_start": self.epoch_start,
        }
        return _as_json(description), arrays

    def unpack(self, description: dict[str, Any], arrays: Arrays) -> None:
        """Go back to where ``pack`` was called."""
        self.model.load_state_dict(_below("model.", arrays))
        self._set_groups(description["groups"])
        for index, (memory, plain) in enumerate(
            zip(self._memories(), description["memories"], strict=True)
        ):
            stored = _below(f"optimizer.{index}.", arrays)
            memory.clear()
            memory.update(plain, **{n: self._moved(index, array) for n, array in stored.items()})
        for name, observer in self.observers.items():
            observer.load_state_dict(_below(f"{name}.", arrays))
        self.history.clear()
        self.history.update(description["history"])
        self.meter.sums, self.meter.samples = description["sums"], description["samples"]
        self.epoch, self.batch = int(description["epoch"]), int(description["batch"])
        if not (0 <= self.epoch <= self.settings["epochs"] and 0 <= self.batch < len(self.data)):
            raise ValueError(f"epoch {self.epoch}, batch {self.batch}")
        self.epoch_start = description["epoch_start"]
        self._set_generators(description["generators"])

    def _parameters(self) -> list[Any]:
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def _memories(self) -> list[dict[str, Any]]:
        """What the optimizer remembers of each parameter, in its order."""
        state = self.optimizer.state
        return [state.setdefault(id(parameter), {}) for parameter in self._parameters()]

    def _moved(self, index: int, array: np.ndarray) -> Any:
        """A copy of an array on the backend of a parameter."""
        return array_module(self._parameters()[index].value).array(array)

    def _groups(self) -> list[dict[str, Any]]:
        """The settings of each group of the optimizer."""
        return [
            {name: value for name, value in group.items() if name != "params"}
            for group in self.optimizer.param_groups
        ]

    def _set_groups(self, groups: list[dict[str, Any]]) -> None:
        for group, stored in zip(self.optimizer.param_groups, groups, strict=True):
            for name, value in stored.items():
                group[name] = tuple(value) if isinstance(group[name], tuple) else value

    def _generators(self) -> dict[str, Any]:
        """Where the package's generators stand, and the data's own."""
        own = _own_generator(self.data)
        return generator_states() | ({"data": own.bit_generator.state} if own else {})

    def _set_generators(self, states: dict[str, Any]) -> None:
        states = _with_arrays(states)
        restore_generators(states)
        own = _own_generator(self.data)
        if own:
            own.bit_generator.state = states["data"]


def _own_generator(data: Any) -> np.random.Generator | None:
    """The generator that goes with the data, if it is not the package's."""
    while data is not None:
        generator = getattr(data, "generator", None)
        if isinstance(generator, np.random.Generator):
            return generator
        data = getattr(data, "batches", None)
    return None


def _below(prefix: str, arrays: Arrays) -> Arrays:
    """The arrays whose names begin so, by the rest of their names."""
    return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}


def _as_json(value: Any) -> Any:
    """A value as it comes back from JSON; arrays of integers become lists."""
    return json.loads(json.dumps(value, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TinyaeError(f"checkpoint: expected numbers and texts, got {type(value).__name__}")


def _with_arrays(state: Any) -> Any:
    """A generator's state with lists as arrays again."""
    if isinstance(state, list):
        return np.array(state, dtype="uint64")
    if isinstance(state, dict):
        return {name: _with_arrays(value) for name, value in state.items()}
    return state
