"""The other side of ``sandbox``: ``python -m tinyae.grading.worker JOB``, in a process apart.

The job is a JSON file; the result goes to a file beside it, so that whatever the student's code
prints, or closes, is no part of it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import sys
from pathlib import Path

from tinyae.atomic import whole_file
from tinyae.errors import TinyaeError
from tinyae.grading.evaluation import evaluate
from tinyae.grading.exercises import read

__all__ = ["main"]

LOOKS = 5
"""How often it is noted down where the code is, in all of its time."""

WRITTEN = 64 * 2**20
"""Bytes that a file written by the student's code may have."""


def main(job: Path) -> None:
    """Grade the file that the job names, within its limits, in the folder of the job."""
    order = json.loads(job.read_text(encoding="utf-8"))
    path = Path(order["path"])
    sys.path.append(str(path.parent))
    sys.dont_write_bytecode = True
    _limit(order["memory"], order["seconds"])
    trace = open(job.with_name("trace"), "w")  # noqa: SIM115  open until the process ends
    faulthandler.dump_traceback_later(order["seconds"] / LOOKS, repeat=True, file=trace)
    Path.cwd().joinpath(path.name).write_text(order["source"], encoding="utf-8")
    try:
        exercise = read(Path(order["exercise"])) if order["exercise"] else None
        result = evaluate(order["source"], path, exercise).as_json()
    except Exception as reason:  # never a traceback from the grader
        known = isinstance(reason, TinyaeError)
        result = {"refused": str(reason) if known else f"check: the grader failed: {reason!r}"}
    with whole_file(order["result"]) as file:
        file.write(json.dumps(result).encode())
    with contextlib.suppress(Exception):  # the student's code may have closed them
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)  # whatever it wants to be done at exit


def _limit(memory: int, seconds: float) -> None:
    """Memory, processor time and file size; only where the system knows such limits."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, value in (
        ("RLIMIT_AS", memory),
        ("RLIMIT_CPU", int(seconds) + 5),
        ("RLIMIT_FSIZE", WRITTEN),
        ("RLIMIT_CORE", 0),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(getattr(resource, name), (value, value))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
