"""Files that appear whole or not at all."""

from __future__ import annotations

import glob
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["remove_leftovers", "whole_file"]


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes its name only when the block has ended well.

    The bytes go to a hidden neighbour, which is renamed at the end: a reader of ``path`` sees
    the old file or the new one, never half of one, also when several processes write at once.
    When the block raises, the neighbour is removed and ``path`` stays as it was.

    Parameters
    ----------
    path : path
        Where the file shall appear; missing folders are made.

    Yields
    ------
    stream : binary file
        Its ``name`` is the path of the neighbour, for a look at it before it counts.

    Raises
    ------
    OSError
        When the place cannot be written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with open(part, "xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Remove what a process that was killed while it wrote ``path`` has left beside it."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        part.unlink(missing_ok=True)
