"""Loads spoilt files, one after another, in a process with little memory: ``FOLDER FIRST LAST``.

Each file has a line on standard output: its number before it is touched, so that a crash has a
name, and then what became of it.
"""

from __future__ import annotations

import json
import signal
import sys
import time
import unicodedata  # noqa: F401  which Python's parser imports at the first name with an accent
from collections.abc import Callable
from pathlib import Path
from random import Random

import tinyae as ta
from tests.fuzz import guard
from tests.fuzz.specimens import kinds

SECONDS, ROOM = 2.0, 512 * 2**20
ENOUGH = 10
"""Seconds after which a file counts as one that hangs."""


class Hang(BaseException):
    """It did not come to an end."""


def _alarm(*_: object) -> None:
    raise Hang


def main(folder: Path, first: int, last: int) -> None:
    """Load the files of these numbers; the same number gives the same file."""
    table, watcher = kinds(folder), guard.Guard()
    names = list(table)
    before = guard.peak()
    warm_up(folder, table)
    guard.limit_memory(ROOM)
    signal.signal(signal.SIGALRM, _alarm)
    for number in range(first, last):
        name = names[number % len(names)]
        ending, make, judge = table[name]
        mutation, content = make(Random(f"tinyae {number}"))
        path = folder / f"file{ending}"
        path.write_bytes(content)
        print(json.dumps({"number": number, "kind": name, "mutation": mutation}), flush=True)
        fate, seconds = examine(path, content, judge, watcher)
        grown = (guard.peak() - before) / 2**20
        print(json.dumps({"fate": fate, "seconds": seconds, "grown": grown}), flush=True)


def warm_up(folder: Path, table: dict) -> None:
    """Have everything imported that loading imports, good files and bad."""
    for ending, make, judge in table.values():
        for number in range(200):
            path = folder / f"warm{ending}"
            content = make(Random(number))[1]
            path.write_bytes(content)
            try:
                judge(path, content)
            except (ta.TinyaeError, AssertionError):
                continue


def examine(
    path: Path, content: bytes, judge: Callable[[Path, bytes], None], watcher: guard.Guard
) -> tuple[str, float]:
    """What became of one file: ``loaded``, ``refused``, or what was wrong."""
    fate, start = "loaded", time.perf_counter()
    signal.alarm(ENOUGH)
    watcher.watch(path)
    try:
        judge(path, content)
    except ta.TinyaeError as reason:
        fate = "refused" if _is_sentence(reason, path) else f"told badly: {str(reason)[:200]}"
        if isinstance(reason.__cause__, MemoryError):
            fate = "took too much memory"
    except AssertionError as reason:
        fate = f"wrong content: {str(reason)[:200]}"
    except Hang:
        fate = "hung"
    except BaseException as reason:
        fate = f"{type(reason).__name__}: {str(reason)[:200]}"
    seen, seconds = watcher.rest(), time.perf_counter() - start
    signal.alarm(0)
    if seen:
        fate = f"did {', '.join(seen[:3])}"
    if seconds > SECONDS and fate in ("loaded", "refused"):
        fate = f"took {seconds:.1f} s"
    return fate, seconds


def _is_sentence(reason: ta.TinyaeError, path: Path) -> bool:
    """It names the file, is short enough to be read, and does not steer the terminal."""
    return str(path) in str(reason) and len(str(reason)) < 2000 and str(reason).isprintable()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:4]))
