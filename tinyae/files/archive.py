"""One file of arrays and what they are: a ``.npz`` that may come from a stranger."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinyae.atomic import whole_file
from tinyae.errors import TinyaeError, readable

__all__ = ["read_archive", "write_archive"]

Path = str | os.PathLike[str]

DESCRIPTION, CHECKSUM = "description.json", "sha256.txt"
LONGEST_DESCRIPTION = 2**24
"""Bytes. JSON takes many times its length in memory."""

HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def write_archive(
    path: Path,
    kind: str,
    version: int,
    description: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Write a ``.npz`` file, whole or not at all; the same content gives the same bytes.

    It is a zip archive without compression. ``np.load`` reads its arrays, and any unzip
    program the two other members: ``description.json``, and ``sha256.txt``, the checksum of
    all the rest.

    Parameters
    ----------
    path : path
        Missing folders are made.
    kind : str
        What the file holds, such as ``"model"``.
    version : int
        Of the format of this kind.
    description : mapping
        Anything that JSON can hold.
    arrays : mapping of str to array

    Raises
    ------
    TinyaeError
        When the place cannot be written to; what was there is still there.
    """
    text = json.dumps({"format": f"tinyae {kind}", "version": version, **description}, indent=1)
    members = {DESCRIPTION: text.encode()}
    for name, array in arrays.items():
        stream = io.BytesIO()
        np.lib.format.write_array(stream, np.asarray(array, order="C"), allow_pickle=False)
        members[f"{name}.npy"] = stream.getvalue()
    members[CHECKSUM] = _checksum(members).encode()
    try:
        with whole_file(path) as file, zipfile.ZipFile(file, "w") as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name), content)
    except (OSError, ValueError) as reason:
        raise TinyaeError(f"{os.fspath(path)}: cannot be written: {reason}") from reason


def read_archive(
    path: Path, kind: str, version: int
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what ``write_archive`` wrote; no content can run code, nothing is unpickled.

    What the file says about its sizes is held against its length before anything is read,
    so that it takes no more memory than a few times that length.

    Parameters
    ----------
    path : path
    kind : str
        What the file shall hold.
    version : int
        The newest format that can be read.

    Returns
    -------
    description : dict
    arrays : dict of str to array

    Raises
    ------
    TinyaeError
        For what is no such file, is damaged or incomplete, or is of a newer format.
    """
    try:
        members = _members(path)
        description = _description(members, kind, version)
        if members.pop(CHECKSUM, b"").decode() != _checksum(members):
            raise TinyaeError("the checksum does not fit the content: the file is damaged")
        del members[DESCRIPTION]
        return description, {
            name.removesuffix(".npy"): _array(name, members.pop(name)) for name in list(members)
        }
    except TinyaeError as reason:
        raise TinyaeError(f"{os.fspath(path)}: {readable(reason)}") from None
    except Exception as reason:  # zipfile and json raise a dozen kinds for a damaged file
        raise TinyaeError(
            f"{os.fspath(path)}: expected a file that tinyae wrote, got one that is damaged, cut "
            f"short or of another kind ({type(reason).__name__}: {readable(reason)})"
        ) from reason


def _checksum(members: Mapping[str, bytes]) -> str:
    """SHA-256 of all names, lengths and contents."""
    digest = hashlib.sha256()
    for name in sorted(members):
        digest.update(json.dumps([name, len(members[name])]).encode())
        digest.update(members[name])
    return digest.hexdigest()


def _members(path: Path) -> dict[str, bytes]:
    """The members of a zip archive by name, none of them compressed."""
    if not os.path.isfile(path):
        found = "a folder" if os.path.isdir(path) else "nothing that can be read"
        raise TinyaeError(f"expected a file, found {found}")
    with open(path, "rb") as file:  # as a whole: zipfile would ask a file for as much as it says
        content = io.BytesIO(file.read())
    with content, zipfile.ZipFile(content) as archive:
        members = archive.infolist()
        if len({member.filename for member in members}) < len(members):
            raise TinyaeError("expected members of different names, got one of them twice")
        sizes = [
            member.file_size
            for member in members
            if member.compress_type == zipfile.ZIP_STORED and member.file_size >= 0
        ]
        if len(sizes) < len(members) or sum(sizes) > len(content.getbuffer()):
            raise TinyaeError(
                "expected members that are not compressed and together no larger than the file"
            )
        return {member.filename: archive.read(member) for member in members}


def _description(members: Mapping[str, bytes], kind: str, version: int) -> dict[str, Any]:
    """The JSON part, once it is known to be one that this version understands."""
    text = members.get(DESCRIPTION)
    if text is None or len(text) > LONGEST_DESCRIPTION:
        raise TinyaeError(f"expected a tinyae {kind}, got an archive without {DESCRIPTION}")
    description = json.loads(text)
    if not isinstance(description, dict) or description.get("format") != f"tinyae {kind}":
        raise TinyaeError(f"expected a tinyae {kind}, got another kind of file")
    found = description.get("version")
    if not isinstance(found, int) or found < 1:
        raise TinyaeError(f"expected a format version from 1, got {found!r}")
    if found > version:
        raise TinyaeError(
            f"written by a newer tinyae: format version {found}, where this one reads versions "
            f"up to {version}; pip install --upgrade tinyae"
        )
    return description


def _array(name: str, content: bytes) -> np.ndarray:
    """The array in one ``.npy`` member, whose header must tell the truth about its length."""
    stream = io.BytesIO(content)
    shape, fortran, dtype = HEADERS[np.lib.format.read_magic(stream)](stream)
    if dtype.kind not in "fiub":
        raise TinyaeError(f"{name}: expected an array of numbers, got {dtype}")
    length = len(content) - stream.tell()
    if any(axis < 0 for axis in shape) or math.prod(shape) * dtype.itemsize != length:
        raise TinyaeError(f"{name}: expected {dtype} {shape} in the file, got {length} bytes")
    array = np.ndarray(
        shape, dtype, buffer=content, offset=stream.tell(), order="F" if fortran else "C"
    )
    return array.astype(dtype.newbyteorder("="))
