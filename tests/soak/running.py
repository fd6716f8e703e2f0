"""Starts the processes of the soak and looks at what they say."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUIET = {"OPENBLAS_NUM_THREADS": "1", "TINYAE_NUM_THREADS": "1"}


def _start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", *words],
        cwd=ROOT,
        env={**os.environ, **QUIET},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def growth(fits: int) -> tuple[float, list[int]]:
    """By which share memory grows from the first tenth of the fits to the last; and all of it."""
    process = _start("tests.soak.fits", str(fits))
    told, trouble = process.communicate()
    if process.returncode:
        raise RuntimeError(trouble)
    memory = [int(line) for line in told.split()]
    tenth = max(1, len(memory) // 10)
    first, last = max(memory[:tenth]), max(memory[-tenth:])
    return last / first - 1, memory


def shared(processes: int) -> list[str]:
    """What so many processes that start at once with an empty cache between them print."""
    with tempfile.TemporaryDirectory(prefix="tinyae-soak-") as folder:
        started = [_start("tests.soak.sharing", folder) for _ in range(processes)]
        results = []
        for process in started:
            told, trouble = process.communicate()
            results.append(told.strip() if process.returncode == 0 else f"failed: {trouble}")
        left = sorted(path.suffix for path in Path(folder).rglob("*") if path.is_file())
    return results if left == [".gz", ".gz"] else [*results, f"left behind: {left}"]
