"""``tinyae lessons``: list the course."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser("lessons", help="list the lessons of the course")
    parser.set_defaults(command=_lessons)


def _lessons(options: argparse.Namespace) -> None:
    from tinyae.lessons import course_folder, listing

    print(listing(course_folder()))
