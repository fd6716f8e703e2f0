"""``tinyae learn``: the exercises one after the other."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from tinyae.errors import TinyaeError, near_names

__all__ = ["add_to"]

FOLDER = Path("tinyae-exercises")
PAUSE = 0.3
"""Seconds between two looks at a file that is watched."""


def add_to(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser(
        "learn",
        help="the exercises of the course, one after the other",
        description=(
            "Show the next exercise, and put its file into your folder. Then: 'check' grades it, "
            "'hint' gives a hint, 'watch' grades it each time you save (Ctrl-C ends), 'skip' "
            "leaves it for later, 'list' shows all."
        ),
    )
    parser.add_argument(
        "words", nargs="*", metavar="ACTION|FOLDER", help=f"{', '.join(ACTIONS)}; your folder"
    )
    parser.set_defaults(command=_learn)


def _learn(options: argparse.Namespace) -> int:
    from tinyae.grading.exercises import exercises
    from tinyae.grading.progress import Progress

    actions = [word for word in options.words if word in ACTIONS]
    folders = [word for word in options.words if word not in ACTIONS]
    if len(actions) > 1 or len(folders) > 1:
        raise TinyaeError(
            f"learn: expected one of {', '.join(ACTIONS)} and one folder, got "
            f"{' '.join(options.words)!r}"
        )
    near = near_names(folders[0], ACTIONS) if folders else ""
    if near and not Path(folders[0]).exists():
        raise TinyaeError(
            f"learn: expected one of {', '.join(ACTIONS)} or a folder, got {folders[0]!r}{near}"
        )
    progress = Progress.read(_folder(folders))
    action = ACTIONS[actions[0]] if actions else _show
    return action(progress, exercises())


def _folder(given: list[str]) -> Path:
    """The folder that was named, the one we are in, or the usual one beside us."""
    from tinyae.grading.progress import FILE

    if given:
        return Path(given[0])
    return Path() if Path(FILE).exists() else FOLDER


def _show(progress: Any, course: list) -> int:
    from tinyae.grading.words import bar, task

    print(bar(progress, course), end="\n\n")
    exercise = progress.next(course)
    if exercise is None:
        print("All exercises are right. Well done!")
        return 0
    path = progress.provide(exercise)
    progress.write()
    print(task(exercise, path, _command(progress)))
    return 0


def _hint(progress: Any, course: list) -> int:
    exercise = _next(progress, course)
    count = min(progress.hints.get(exercise.name, 0) + 1, len(exercise.hints))
    progress.hints[exercise.name] = count
    progress.write()
    print(f"{exercise.title}, hint {count} of {len(exercise.hints)}:")
    print(f"  {exercise.hints[count - 1]}")
    return 0


def _check(progress: Any, course: list) -> int:
    from tinyae.grading.evaluation import RIGHT
    from tinyae.grading.sandbox import grade
    from tinyae.grading.words import graded, shown

    exercise = _next(progress, course)
    result = grade(progress.provide(exercise), exercise)
    print(graded(result))
    if result.state != RIGHT:
        print(f"(a hint: {_command(progress)} hint)")
        return 1
    progress.add_right(exercise.name)
    print(f"compare it with the course's own solution: {shown(exercise.path)}\n")
    return _show(progress, course)


def _watch(progress: Any, course: list) -> int:
    from tinyae.grading.words import shown

    _show(progress, course)
    try:
        while exercise := progress.next(course):
            path = progress.provide(exercise)
            print(f"\nwatching {shown(path)}: save it to have it checked, Ctrl-C ends", flush=True)
            _wait_for_change(path)
            print()
            _check(progress, course)
    except KeyboardInterrupt:
        print("\nstopped; 'tinyae learn' goes on from here")
    return 0


def _wait_for_change(path: Path) -> None:
    before = _state_of(path)
    while _state_of(path) in (before, None):
        time.sleep(PAUSE)


def _state_of(path: Path) -> tuple[int, int] | None:
    """When it was written and how long it is; ``None`` while an editor replaces it."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _skip(progress: Any, course: list) -> int:
    exercise = _next(progress, course)
    progress.skip(exercise.name)
    print(f"{exercise.title}: left for later\n")
    return _show(progress, course)


def _list(progress: Any, course: list) -> int:
    from tinyae.grading.words import bar, list_of

    print(list_of(progress, course), bar(progress, course), sep="\n\n")
    return 0


def _command(progress: Any) -> str:
    """What the student types, up to the action."""
    usual = progress.folder in (Path(), FOLDER)
    return "tinyae learn" if usual else f"tinyae learn {progress.folder}"


def _next(progress: Any, course: list) -> Any:
    exercise = progress.next(course)
    if exercise is None:
        raise TinyaeError("learn: all exercises are right; there is none left")
    return exercise


ACTIONS = {"hint": _hint, "check": _check, "watch": _watch, "skip": _skip, "list": _list}
