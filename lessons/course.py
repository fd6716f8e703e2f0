"""What all lessons share: their mode, their data, how they show a figure and check a claim.

A lesson runs in one of two modes. *Fast*, the default, takes the embedded digits and few steps;
*full* takes the data and the sizes of the documents. ``TINYAE_LESSONS=full`` chooses.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from tinyae.atomic import whole_file
from tinyae.pages import Page

__all__ = ["DATA", "FULL", "choose", "claim", "show", "show_page", "show_source"]

T = TypeVar("T")

FULL = os.environ.get("TINYAE_LESSONS", "fast") == "full"
DATA = "mnist" if FULL else "digits"
"""The data set of this mode, for ``ta.data.load``."""


def choose(fast: T, full: T) -> T:
    """One setting a mode."""
    return full if FULL else fast


def show(figure: Any, name: str) -> None:
    """Show a figure: inline in a notebook, as a PNG file otherwise.

    Files go to the folder ``TINYAE_FIGURES``, ``runs/lessons`` when it is not set, and are
    called after the lesson, the mode and ``name``.
    """
    if "ipykernel" in sys.modules:
        from IPython.display import display

        display(figure)
        return
    path = _path(f"{name}.png")
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=110)
    print(f"[figure] {path}")


def show_page(write: Callable[[Path], Any], name: str) -> None:
    """Show a page of HTML: inside a notebook, as a file beside the figures otherwise.

    ``write`` makes the file at the path that it is given, and leaves nothing half-written.
    """
    if "ipykernel" in sys.modules:
        from IPython.display import display

        with TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.html"
            write(path)
            display(Page(path))
        return
    path = _path(f"{name}.html")
    write(path)
    print(f"[page] {path}")


def _path(name: str) -> Path:
    """Where a figure or a page goes."""
    folder = Path(os.environ.get("TINYAE_FIGURES", "runs/lessons"))
    return folder / f"{Path(sys.argv[0]).stem}-{choose('fast', 'full')}-{name}"


def show_source(*things: Any) -> None:
    """Print the source of a class, a method or a function, as the package runs it."""
    print("\n\n".join(inspect.getsource(inspect.unwrap(thing)).rstrip() for thing in things))


def claim(text: str, value: float, low: float = -float("inf"), high: float = float("inf")) -> None:
    """Print a figure the lesson claims, and fail if it is not where it should be.

    Parameters
    ----------
    text : str
        What the figure is.
    value : float
    low, high : float
        The tolerance, in the units of ``value``.
    """
    print(f"[claim] {text}: {value:,.6g} (expected {low:,.6g} … {high:,.6g})")
    assert low <= value <= high, f"{text}: expected {low:g} … {high:g}, got {value:g}"
