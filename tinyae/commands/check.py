"""``tinyae check``: grade a file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser(
        "check",
        help="grade an exercise, or the gradients of your own layers",
        description=(
            "Grade a file: an exercise of the course (it keeps its file name), or any file with "
            "subclasses of ta.Layer, whose gradients are checked (and functions gaussian_kl, "
            "reparameterize or sample of mean and log_var). The code runs in a process of "
            "its own with limits on time and memory. Exit status: 0 right, 1 wrong or not "
            "started, 2 for a file that cannot be used."
        ),
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--exercise", help="grade it as this one, whatever the file is called")
    parser.add_argument("--seconds", type=float, default=20.0, help="time limit (default: 20)")
    parser.add_argument("--json", action="store_true", help="last line: the grade as JSON")
    parser.set_defaults(command=_check)


def _check(options: argparse.Namespace) -> int:
    from tinyae.grading.evaluation import RIGHT
    from tinyae.grading.exercises import exercise_named, exercise_of
    from tinyae.grading.progress import FILE, Progress
    from tinyae.grading.sandbox import grade
    from tinyae.grading.words import graded

    chosen = options.exercise
    exercise = exercise_named(chosen) if chosen else exercise_of(options.file)
    result = grade(options.file, exercise, options.seconds)
    if exercise and result.state == RIGHT and (options.file.parent / FILE).exists():
        Progress.read(options.file.parent).add_right(exercise.name)
    print(graded(result))
    if options.json:
        print(json.dumps(result.as_json(), ensure_ascii=False))
    return 0 if result.state == RIGHT else 1
