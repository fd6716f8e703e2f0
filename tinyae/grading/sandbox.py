"""A process of its own for a student's code, with limits, so that nothing it does can hurt.

What is promised: the grader neither hangs nor breaks, each check begins afresh, and the student's
file is read once and never written: what runs is a copy of it, in an empty folder that is removed
afterwards. What is not: the code runs with the rights of whoever starts it. It is no place for
code that *means* harm (it could detach itself, or write elsewhere); a container is.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO

from tinyae.checking.report import Finding
from tinyae.errors import TinyaeError
from tinyae.grading.evaluation import WRONG, Grade
from tinyae.grading.exercises import Exercise

__all__ = ["MEMORY", "SECONDS", "grade"]

SECONDS = 20.0
MEMORY = 2 * 2**30
"""Bytes of address space, Python's and NumPy's own share included."""

DESK = "desk"
"""The empty folder in which the code runs, beside the grader's own files."""

SHOWN = 2000
"""How many characters of what the code printed are kept, from its end."""

QUIET = {
    "OPENBLAS_NUM_THREADS": "1",
    "TINYAE_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONIOENCODING": "utf-8",
}


def grade(
    path: Path, exercise: Exercise | None, seconds: float = SECONDS, memory: int = MEMORY
) -> Grade:
    """Grade a file in a process of its own.

    Parameters
    ----------
    path : Path
        The student's file: read, never written.
    exercise : Exercise, optional
        ``None`` checks all layers that the file defines.
    seconds : float
        After which the process is ended.
    memory : int
        Bytes of address space, where the system can limit it (Linux, macOS in part).

    Raises
    ------
    TinyaeError
        For a file that cannot be read, is no text, or holds nothing to be checked.
    """
    path = path.absolute()
    source = _source(path)
    with tempfile.TemporaryDirectory(prefix="tinyae-", ignore_cleanup_errors=True) as folder:
        result = Path(folder, "result")
        Path(folder, DESK).mkdir()
        order = {
            "source": source,
            "path": str(path),
            "exercise": str(exercise.path) if exercise else None,
            "seconds": seconds,
            "memory": memory,
            "result": str(result),
        }
        job = Path(folder, "job.json")
        job.write_text(json.dumps(order), encoding="utf-8")
        ended, output = _run(job, seconds)
        graded = _read(result) or _broken(ended, path, Path(folder, "trace"), seconds)
    graded.file, graded.exercise = str(path), exercise.name if exercise else None
    graded.output = output
    return graded


def _source(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as reason:
        raise TinyaeError(f"check: {path}: {reason.strerror or reason}") from None
    except UnicodeDecodeError:
        raise TinyaeError(f"check: expected a Python file in UTF-8, got {path.name}") from None


def _run(job: Path, seconds: float) -> tuple[int | None, str]:
    """The exit status, ``None`` when time ran out; and the end of what was printed."""
    root = str(Path(__file__).resolve().parents[2])
    known = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "tinyae.grading.worker", str(job)],
        cwd=job.parent / DESK,
        env={**os.environ, **QUIET, "PYTHONPATH": known},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    tail = Tail(process.stdout)
    try:
        status: int | None = process.wait(seconds)
    except subprocess.TimeoutExpired:
        status = None
    finally:
        _kill(process)
    return status, tail.text()


class Tail(threading.Thread):
    """Reads a stream to its end, however much comes, and keeps the last of it."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        super().__init__(daemon=True)
        assert stream is not None
        self.stream, self.kept = stream, b""
        self.start()

    def run(self) -> None:
        while chunk := self.stream.read1(2**16):  # type: ignore[attr-defined]
            self.kept = (self.kept + chunk)[-4 * SHOWN :]

    def text(self) -> str:
        """The last characters, once the stream has ended; none that would steer a terminal."""
        self.join(2)
        text = self.kept.decode("utf-8", "replace")[-SHOWN:]
        return "".join(sign if sign.isprintable() or sign in "\n\t" else "�" for sign in text)


def _kill(process: subprocess.Popen) -> None:
    """The process and what it has started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _read(result: Path) -> Grade | None:
    """The grade that the process left behind; ``None`` if it left nothing of use.

    Raises
    ------
    TinyaeError
        When it was none, but a refusal.
    """
    try:
        found = json.loads(result.read_text(encoding="utf-8"))
        if "refused" in found:
            raise TinyaeError(str(found["refused"]))
        return Grade(**{**found, "findings": [Finding(**f) for f in found["findings"]]})
    except TinyaeError:
        raise
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _broken(ended: int | None, path: Path, trace: Path, seconds: float) -> Grade:
    """What to say of a process that left no result."""
    code = "ended"
    if ended is None or (os.name == "posix" and ended == -signal.SIGXCPU):
        code, message = "time-limit", (
            f"the code did not come to an end within {seconds:g} s{_last_line(path, trace)}: is "
            "there a loop without an end?"
        )  # fmt: skip
    elif ended < 0:
        name = signal.Signals(-ended).name
        message = f"the process was killed ({name}): too much memory, or a crash below Python"
    else:
        message = (
            f"the code ended its process (status {ended}, as os._exit does) before the check was "
            "done"
        )
    return Grade(str(path), WRONG, findings=[Finding("code", code, message)])


def _last_line(path: Path, trace: Path) -> str:
    """Where in the student's file the code was when it was last looked at."""
    try:
        dump = trace.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    last = dump.rpartition("Timeout")[2]
    name = str(path).encode("ascii", "backslashreplace").decode()
    line = re.search(rf'File "{re.escape(name)}", line (\d+)', last)
    return f", it was in line {line[1]}" if line else ""
