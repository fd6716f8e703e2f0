"""The named data sets: where their files lie, and how they come into memory.

========================  =======================================================  ======  ======
name                      what                                                      train    test
========================  =======================================================  ======  ======
``digits``                handwritten-looking digits, made by this package         12,000   2,000
``mnist``                 handwritten digits, LeCun et al. 1998                    60,000  10,000
``kmnist``                cursive Japanese characters, Clanuwat et al. 2018        60,000  10,000
``fashion-mnist``         pictures of clothes, Xiao, Rasul and Vollgraf 2017       60,000  10,000
========================  =======================================================  ======  ======
"""

from __future__ import annotations

import hashlib
import os
import shlex
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinyae.arguments import checked
from tinyae.data.idx import read_idx, write_idx
from tinyae.errors import TinyaeError, near_names

__all__ = ["NAMES", "check_name", "data_root", "digits_folder", "load", "write_digits"]

NAMES = ("digits", "mnist", "kmnist", "fashion-mnist")
_SPLITS = {"train": "train", "test": "t10k"}
_DIGITS_SEED = 0
_DIGITS_SOURCES = ("digits.py", "strokes.py")


@checked
def load(
    name: str, split: str = "train", root: str | os.PathLike[str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Load a data set.

    Parameters
    ----------
    name : str
        ``digits`` (made on first use, in a few seconds, then cached), ``mnist``, ``kmnist`` or
        ``fashion-mnist`` (fetched beforehand with ``tinyae data NAME``).
    split : str
        ``train`` or ``test``.
    root : path, optional
        The folder of all data sets, with files such as
        ``<root>/mnist/train-images-idx3-ubyte.gz``. When not given: the environment variable
        ``TINYAE_DATA`` (for ``digits`` this one is passed over, as it may be read-only), else the
        user's cache folder.

    Returns
    -------
    images : uint8 array (N, 28, 28)
        0 is the background, 255 the ink.
    labels : int64 array (N,)
        0 to 9.

    Raises
    ------
    TinyaeError
        When the name or the split is unknown, when the data is missing (the message tells the
        command that fetches it), or when a file is damaged or holds something else.
    """
    check_name("load", name)
    if split not in _SPLITS:
        raise TinyaeError(f"load({name!r}): expected split 'train' or 'test', got {split!r}")
    if name == "digits":
        return _load_digits(split, root)
    paths = _paths(data_root(root) / name, split)
    for path in paths:
        if not os.path.exists(path):
            raise TinyaeError(_how_to_get(name, split, path, root))
    return _read_pair(paths)


def check_name(asked_by: str, name: Any) -> None:
    """Refuse a name that is no data set's, and tell the near ones."""
    if not isinstance(name, str) or name not in NAMES:
        hint = near_names(name, NAMES)
        raise TinyaeError(f"{asked_by}: expected one of {', '.join(NAMES)}, got {name!r}{hint}")


def data_root(root: str | os.PathLike[str] | None = None) -> Path:
    """The folder of all data sets: the argument, else ``TINYAE_DATA``, else the user's cache."""
    root = root or os.environ.get("TINYAE_DATA") or _cache()
    return Path(root).expanduser()


def digits_folder(root: str | os.PathLike[str] | None = None) -> Path:
    """Where the embedded digits are cached: below the argument, else the user's cache.

    Its name changes with the seed and the source of the generator: no stale digits are served.
    """
    fingerprint = hashlib.sha256()
    for source in _DIGITS_SOURCES:
        fingerprint.update(Path(__file__).with_name(source).read_bytes())
    name = f"digits-seed{_DIGITS_SEED}-{fingerprint.hexdigest()[:12]}"
    return Path(root or _cache()).expanduser() / name


def write_digits(folder: str | os.PathLike[str]) -> list[Path]:
    """Make the embedded digits and write them to ``folder`` as four IDX files.

    Parameters
    ----------
    folder : path
        Made when it is missing.

    Returns
    -------
    paths : list of Path
        Images and labels for training, images and labels for testing.

    Raises
    ------
    TinyaeError
        When the folder cannot be written to.
    """
    written: list[Path] = []
    for split in _SPLITS:
        paths = _paths(Path(folder).expanduser(), split)
        _write_pair(paths, _make_digits(split))
        written.extend(paths)
    return written


def _cache() -> Path:
    import pooch

    return pooch.os_cache("tinyae")


def _paths(folder: Path, split: str) -> tuple[Path, Path]:
    prefix = _SPLITS[split]
    images, labels = f"{prefix}-images-idx3-ubyte.gz", f"{prefix}-labels-idx1-ubyte.gz"
    return folder / images, folder / labels


def _how_to_get(name: str, split: str, path: Path, root: Any) -> str:
    place = "" if root is None else f" --root {shlex.quote(str(root))}"
    return (
        f"load({name!r}, {split!r}): expected the file {path}, got no such file; fetch it with "
        f"'tinyae data {name}{place}' or 'python data_scripts/download.py {name}{place}', or name "
        f"the folder that holds {name}/{path.name} in TINYAE_DATA or as root="
    )


def _read_pair(paths: Sequence[Path]) -> tuple[np.ndarray, np.ndarray]:
    images, labels = map(read_idx, paths)
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise TinyaeError(
            f"{paths[0]}: expected uint8 images (N, 28, 28), got {images.dtype} {images.shape}"
        )
    if labels.dtype != np.uint8 or labels.shape != images.shape[:1]:
        raise TinyaeError(
            f"{paths[1]}: expected a uint8 label for each of {len(images):,} images, "
            f"got {labels.dtype} {labels.shape}"
        )
    return images, labels.astype(np.int64)


def _write_pair(paths: Sequence[Path], pair: Sequence[np.ndarray]) -> None:
    for path, array in zip(paths, pair, strict=True):
        write_idx(path, array)


def _load_digits(split: str, root: Any) -> tuple[np.ndarray, np.ndarray]:
    """From the cache when it is there and whole, else made anew and cached if that is possible."""
    paths = _paths(digits_folder(root), split)
    if all(path.exists() for path in paths):
        try:
            return _read_pair(paths)
        except TinyaeError as reason:
            warnings.warn(f"the cached digits are made anew: {reason}", stacklevel=3)
    images, labels = _make_digits(split)
    try:
        _write_pair(paths, (images, labels))
    except TinyaeError as reason:
        warnings.warn(f"the digits are not cached and will be made anew: {reason}", stacklevel=3)
    return images, labels.astype(np.int64)


def _make_digits(split: str) -> tuple[np.ndarray, np.ndarray]:
    from tinyae.data.digits import make_digits

    return make_digits(split, seed=_DIGITS_SEED)
