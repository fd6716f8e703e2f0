"""The IDX file format, in which MNIST and its relatives are published.

A file is a header and the numbers, everything big-endian::

    0 0            two zero bytes
    type           one byte: which numbers follow (0x08: unsigned bytes)
    d              one byte: how many dimensions
    n₁ … n_d       four bytes each: their sizes
    numbers        n₁ · … · n_d of them, the last index running fastest

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits" (1998).
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import numpy as np

from tinyae.arguments import checked
from tinyae.atomic import whole_file
from tinyae.errors import TinyaeError

__all__ = ["read_idx", "write_idx"]

_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_MOST_DIMENSIONS = 32
_CHUNK = 1 << 20


@checked
def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """Read an array from an IDX file, decompressing it when its name ends in ``.gz``.

    Memory is taken as the numbers arrive, never on the word of the header, and decompression
    stops one byte after the declared end, so that a broken or hostile file costs an error only.

    Parameters
    ----------
    path : path
        Such as ``train-images-idx3-ubyte.gz``.

    Returns
    -------
    array : ndarray
        Shape and type as declared in the file, in the byte order of this machine.

    Raises
    ------
    TinyaeError
        When the file is missing, is a folder, is no whole gzip file, has a wrong magic number or
        type code, declares no dimension, or holds fewer or more numbers than it declares.
    """
    path = Path(path)
    name = f"read_idx({str(path)!r})"
    with _readable(path, name) as stream:
        dtype, shape = _read_header(stream, name)
        payload = _read_payload(stream, dtype, shape, name)
    try:
        array = np.frombuffer(payload, dtype).reshape(shape)
    except ValueError as reason:
        raise TinyaeError(f"{name}: expected a shape that NumPy can hold, got {shape}") from reason
    return array.astype(dtype.newbyteorder("="), copy=False)


@checked
def write_idx(path: str | os.PathLike[str], array: np.ndarray) -> None:
    """Write an array as an IDX file, compressed when its name ends in ``.gz``.

    The file appears whole or not at all, and the same array gives the same bytes.

    Parameters
    ----------
    path : path
        A file of that name is replaced; missing folders are made.
    array : ndarray, at least one dimension
        Of type uint8, int8, int16, int32, float32 or float64.

    Raises
    ------
    TinyaeError
        When IDX has no code for the array's type or shape, or when the file cannot be written.
    """
    path, array = Path(path), np.asarray(array)
    name = f"write_idx({str(path)!r})"
    content = _header(array, name) + array.astype(array.dtype.newbyteorder(">")).tobytes()
    try:
        with whole_file(path) as stream:
            if path.suffix == ".gz":  # without name and time, so that equal arrays give equal files
                with gzip.GzipFile("", "wb", 6, stream, mtime=0) as packed:
                    packed.write(content)
            else:
                stream.write(content)
    except OSError as reason:
        raise TinyaeError(
            f"{name}: expected a place that can be written to, got {reason}"
        ) from reason


@contextmanager
def _readable(path: Path, name: str) -> Iterator[BufferedIOBase]:
    """Open the file and turn whatever goes wrong while reading it into a refusal."""
    if os.path.isdir(path):  # which, unlike Path.is_dir, is never an error
        raise TinyaeError(f"{name}: expected an IDX file, got a folder")
    try:
        with gzip.GzipFile(path) if path.suffix == ".gz" else open(path, "rb") as stream:
            yield stream
    except FileNotFoundError as reason:
        raise TinyaeError(f"{name}: expected an IDX file, got no such file") from reason
    except (EOFError, zlib.error, gzip.BadGzipFile) as reason:
        raise TinyaeError(
            f"{name}: expected a whole gzip file, got a broken one ({reason})"
        ) from reason
    except OSError as reason:
        raise TinyaeError(f"{name}: expected a readable file, got {reason}") from reason


def _read_header(stream: BufferedIOBase, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = stream.read(4)
    if len(magic) < 4:
        raise TinyaeError(f"{name}: expected a header of at least 8 bytes, got {len(magic)} bytes")
    if magic[:2] != b"\0\0":
        raise TinyaeError(
            f"{name}: expected an IDX file, which starts with the bytes 00 00, got {magic.hex(' ')}"
        )
    code, dimensions = magic[2], magic[3]
    if code not in _TYPES:
        known = ", ".join(f"0x{known:02x} ({dtype.name})" for known, dtype in _TYPES.items())
        raise TinyaeError(f"{name}: expected a type code of {known}, got 0x{code:02x}")
    if not 1 <= dimensions <= _MOST_DIMENSIONS:
        raise TinyaeError(f"{name}: expected 1 to {_MOST_DIMENSIONS} dimensions, got {dimensions}")
    sizes = stream.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise TinyaeError(
            f"{name}: expected {dimensions} sizes of 4 bytes in the header, got {len(sizes)} bytes"
        )
    return _TYPES[code], struct.unpack(f">{dimensions}I", sizes)


def _read_payload(
    stream: BufferedIOBase, dtype: np.dtype[Any], shape: tuple[int, ...], name: str
) -> bytearray:
    expected = math.prod(shape) * dtype.itemsize
    declared = f"expected {expected:,} bytes of data for {dtype.name} {shape}"
    payload = bytearray()
    while len(payload) < expected:
        chunk = stream.read(min(_CHUNK, expected - len(payload)))
        if not chunk:
            raise TinyaeError(f"{name}: {declared}, got only {len(payload):,}")
        payload += chunk
    if stream.read(1):
        raise TinyaeError(f"{name}: {declared}, got more")
    return payload


def _header(array: np.ndarray, name: str) -> bytes:
    big_endian = array.dtype.newbyteorder(">")
    codes = {dtype: code for code, dtype in _TYPES.items()}
    if big_endian not in codes:
        known = ", ".join(dtype.name for dtype in _TYPES.values())
        raise TinyaeError(f"{name}: expected an array of {known}, got {array.dtype.name}")
    if not 1 <= array.ndim <= _MOST_DIMENSIONS or max(array.shape) >= 1 << 32:
        raise TinyaeError(
            f"{name}: expected 1 to {_MOST_DIMENSIONS} dimensions, each below 2³², "
            f"got shape {array.shape}"
        )
    magic = bytes([0, 0, codes[big_endian], array.ndim])
    return magic + struct.pack(f">{array.ndim}I", *array.shape)
