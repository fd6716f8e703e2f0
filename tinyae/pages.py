"""Self-contained pages: style, program and data in one HTML file that asks no network."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from tinyae.atomic import whole_file
from tinyae.errors import TinyaeError

__all__ = ["Page", "as_base64", "as_json", "fill", "framed", "policy", "write_page"]


def fill(template: str, slots: Mapping[str, str]) -> str:
    """Put texts into the places ``<!--[name]-->`` of a template, each as it stands."""
    head, *pieces = template.split("<!--[")
    for piece in pieces:
        name, _, rest = piece.partition("]-->")
        head += slots[name] + rest
    return head


def policy(script: str, style: str) -> str:
    """A Content-Security-Policy: this one script, this one style, and no request to anywhere."""
    allowed = "script-src {}; style-src {}".format(*map(_hash, (script, style)))
    return f"default-src 'none'; img-src blob: data:; {allowed}"


def as_json(value: Any) -> str:
    """JSON that may stand in a ``<script>`` element, whatever texts are in it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def as_base64(array: np.ndarray, dtype: str) -> str:
    """The numbers of an array, little-endian, row by row."""
    return base64.b64encode(np.ascontiguousarray(array, dtype=dtype).tobytes()).decode()


def framed(content: str, title: str) -> str:
    """A page inside another one, such as a notebook."""
    style = "width: 100%; height: 800px; border: 1px solid gray"
    content, title = escape(content, quote=True), escape(title, quote=True)
    return f'<iframe srcdoc="{content}" style="{style}" title="{title}"></iframe>'


class Page(os.PathLike[str]):
    """A page that was written; a notebook shows it by itself.

    Attributes
    ----------
    path : Path
        Where the file is. The object itself can stand for it: ``open(page)``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"Page({str(self.path)!r})"

    def _repr_html_(self) -> str:
        return framed(self.path.read_text(encoding="utf-8"), str(self))


def write_page(owner: str, path: str | os.PathLike[str], content: str) -> Page:
    """Write a page, whole or not at all.

    Raises
    ------
    TinyaeError
        When the place cannot be written to; what was there is still there.
    """
    try:
        with whole_file(path) as file:
            file.write(content.encode())
    except (OSError, ValueError) as reason:
        raise TinyaeError(f"{owner}: cannot write {os.fspath(path)}: {reason}") from reason
    return Page(Path(path))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
