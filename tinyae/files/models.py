"""Saving a model and loading it."""

from __future__ import annotations

import os

from tinyae.arguments import checked
from tinyae.errors import TinyaeError, readable
from tinyae.files.archive import read_archive, write_archive
from tinyae.files.building import build
from tinyae.files.description import describe
from tinyae.layers.module import Module

__all__ = ["load", "save"]

VERSION = 1
"""Of the description of a model; larger whenever an older tinyae could not read it."""


@checked
def save(model: Module, path: str | os.PathLike[str]) -> None:
    """Write a model into one ``.npz`` file: structure, weights, running statistics.

    The file holds the arrays of ``state_dict()`` under their names and, as JSON, the class and
    the arguments of every layer with what was changed since: sub-layers put in, parameters or
    layers shared, settings such as ``vae.beta``, training or evaluation mode. Gradients and what
    ``forward`` remembers are not in it. Whatever cannot be loaded again is refused here.

    Parameters
    ----------
    model : Layer or other Module
        Of this package or of one's own classes.
    path : path
        The file appears whole or not at all; missing folders are made.

    Raises
    ------
    TinyaeError
        For what is no model; for a layer that was built with, or changed to, something other
        than numbers, texts, layers, and lists, tuples and dictionaries of them; when the file
        cannot be written.
    """
    try:
        description, arrays = describe(model)
    except RecursionError:
        raise TinyaeError(f"{type(model).__name__}: cannot be saved: nested too deeply") from None
    write_archive(path, "model", VERSION, description, arrays)


@checked
def load(path: str | os.PathLike[str]) -> Module:
    """Read a model that ``save`` wrote.

    A file from a stranger is safe to load: classes are looked up by name among those defined
    already, nothing is imported, unpickled or evaluated, and memory is bounded by the size of
    the file. (A class of one's own runs its constructor, with arguments from the file.)

    Parameters
    ----------
    path : path

    Returns
    -------
    Module
        The model, on the backend in use, with the types and the mode that it was saved in.

    Raises
    ------
    TinyaeError
        When there is no such file, or it is of another kind, damaged, incomplete or of a newer
        format; when it needs a class that is not defined; when its arguments and arrays do not
        fit together.
    """
    description, arrays = read_archive(path, "model", VERSION)
    try:
        return build(description, arrays)
    except TinyaeError as reason:
        raise TinyaeError(f"{os.fspath(path)}: {readable(reason)}") from None
    except Exception as reason:  # the checksum fits, so somebody wrote it like this
        raise TinyaeError(
            f"{os.fspath(path)}: expected the description of a model, got one that makes no sense "
            f"({type(reason).__name__}: {readable(reason)})"
        ) from reason
