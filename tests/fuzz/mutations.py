"""Ways to spoil bytes and descriptions."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

BYTES: dict[str, Callable[[Random, bytearray], None]] = {}


def _of_bytes(mutate: Callable[[Random, bytearray], None]) -> Callable:
    BYTES[mutate.__name__.replace("_", " ").strip()] = mutate
    return mutate


@_of_bytes
def bits_flipped(random: Random, content: bytearray) -> None:
    for _ in range(random.choice([1, 1, 2, 8, 64])):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)


@_of_bytes
def truncated(random: Random, content: bytearray) -> None:
    del content[random.randrange(len(content)) :]


@_of_bytes
def a_piece_cut_out(random: Random, content: bytearray) -> None:
    where = random.randrange(len(content))
    del content[where : where + random.randint(1, 300)]


@_of_bytes
def a_piece_repeated(random: Random, content: bytearray) -> None:
    where = random.randrange(len(content))
    content[where:where] = content[where : where + random.randint(1, 300)] * random.choice([1, 9])


@_of_bytes
def noise_put_in(random: Random, content: bytearray) -> None:
    where = random.randrange(len(content) + 1)
    content[where:where] = random.randbytes(random.randint(1, 40))


SIZES = [0, 1, 0x7F, 0xFF, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1]


@_of_bytes
def sizes_inflated(random: Random, content: bytearray) -> None:
    for _ in range(random.randint(1, 3)):
        width = random.choice([2, 4, 4, 8])
        number = random.choice([*SIZES, 2**63, 2**64 - 1]) % 256**width
        where = random.randrange(max(1, len(content) - width))
        content[where : where + width] = number.to_bytes(width, random.choice(["little", "big"]))


def mutated(random: Random, content: bytes) -> tuple[str, bytes]:
    """The bytes spoilt in one way, and its name."""
    name = random.choice(list(BYTES))
    spoilt = bytearray(content)
    BYTES[name](random, spoilt)
    return name, bytes(spoilt)


NUMBERS = [None, True, -1, 0, 1, 3, 2**31, 2**63, 10**30, 10**400, 0.5, float("nan"), float("inf")]
WORDS = [
    "",
    "0",
    "Linear",
    "VAE",
    "StackedAutoencoder",
    "weight",
    "0.bias",
    "forward",
    "__init__",
    "__class__",
    "../../x",
    "/etc/passwd",
    "os.system",
    "\0",
    "ü" * 300,
    "Linea" * 100_000,
]
CONTAINERS = [[], {}, [1, 2], [0] * 5000, {"module": 0}, {"module": 2}, {"module": 10**9},
              {"tuple": [1]}, {"tuple": 3}, {"dict": {"a": 1}}]  # fmt: skip
ODD = [*NUMBERS, *WORDS, *CONTAINERS]


def description_spoilt(random: Random, description: Any) -> Any:
    """JSON with values replaced, removed, renamed, copied from elsewhere or nested deeply."""
    description = copy.deepcopy(description)
    for _ in range(random.choice([1, 1, 2, 3])):
        every = list(_places(description))
        container, key = random.choice(every)
        kind = random.choice(["replace", "replace", "remove", "rename", "copy", "nest"])
        if kind == "remove":
            del container[key]
        elif kind == "rename" and isinstance(container, dict):
            container[str(random.choice(ODD))] = container.pop(key)
        elif kind == "copy":
            other, name = random.choice(every)
            container[key] = copy.deepcopy(_get(other, name))
        elif kind == "nest":
            for _ in range(random.choice([1, 3, 200])):
                container[key] = [container[key]]
        else:
            container[key] = copy.deepcopy(random.choice(ODD))
    return description


def _get(container: Any, key: Any) -> Any:
    """What was there, if an earlier mutation has not removed it."""
    try:
        return container[key]
    except (KeyError, IndexError):
        return None


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a description with each key in it."""
    for key, item in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(item, dict | list):
            yield from _places(item)
