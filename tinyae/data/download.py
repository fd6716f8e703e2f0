"""Fetching the published data sets: several mirrors in turn, nothing kept unverified."""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import IO

from tinyae.arguments import checked
from tinyae.atomic import whole_file
from tinyae.data.datasets import check_name, data_root, digits_folder, write_digits
from tinyae.errors import TinyaeError

__all__ = ["SOURCES", "PublishedFile", "Source", "fetch"]

_SECONDS = (10, 60)
"""How long to wait for a connection, and for the next bytes."""

_LARGEST = 60_000 * 28 * 28 + 16
"""Bytes of the largest file after decompression: header and images of a training split."""


@dataclass(frozen=True)
class PublishedFile:
    """One file as its authors published it.

    Attributes
    ----------
    name : str
    md5 : str
        Of the gzip file, as given with its publication.
    payload_sha256 : str, optional
        Of its decompressed content: a mirror that has packed the same content anew counts too.
    """

    name: str
    md5: str
    payload_sha256: str | None = None


@dataclass(frozen=True)
class Source:
    """Where a data set comes from: addresses of folders, tried in turn, and the files in them."""

    mirrors: tuple[str, ...]
    files: tuple[PublishedFile, ...]


SOURCES = {
    "mnist": Source(
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://raw.githubusercontent.com/fgnt/mnist/master/",
        ),
        files=(
            PublishedFile(
                "train-images-idx3-ubyte.gz",
                "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            PublishedFile(
                "train-labels-idx1-ubyte.gz",
                "d53e105ee54ea40749a09fcbcd1e9432",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            PublishedFile(
                "t10k-images-idx3-ubyte.gz",
                "9fb629c4189551a2d022fa330f9573f3",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            PublishedFile(
                "t10k-labels-idx1-ubyte.gz",
                "ec29112dd5afa0611ce80d1b7f02629c",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
    ),
    "kmnist": Source(
        mirrors=(
            "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            "https://huggingface.co/datasets/tanganke/kmnist/resolve/"
            "53810959241e8f35890445245170c8cec0672f81/raw/",
            "https://web.archive.org/web/2024id_/http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        ),
        files=(
            PublishedFile("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
            PublishedFile("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
            PublishedFile(
                "t10k-images-idx3-ubyte.gz",
                "5c965bf0a639b31b8f53240b1b52f4d7",
                "76fbd229ce87db80dd281af5e6670de4ad0e42fb30a7bd643972994c47c1f42e",
            ),
            PublishedFile(
                "t10k-labels-idx1-ubyte.gz",
                "7320c461ea6c1c855c0b718fb2a4b134",
                "a11dc742be8e781a40a92f53d6a4957e7b7d36df2faa097659131ebfd8fd60c6",
            ),
        ),
    ),
    "fashion-mnist": Source(
        mirrors=(
            "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        files=(
            PublishedFile("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            PublishedFile(
                "train-labels-idx1-ubyte.gz",
                "25c81989df183df01b3e8a0aad5dffbe",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            PublishedFile("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
            PublishedFile(
                "t10k-labels-idx1-ubyte.gz",
                "bb300cfdad3c16e7a12a480ee83cd310",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        ),
    ),
}


@checked
def fetch(
    name: str,
    root: str | os.PathLike[str] | None = None,
    mirrors: Sequence[str] | None = None,
) -> list[Path]:
    """Bring a data set onto this machine, or make sure that it is there.

    Files that are there and whole stay; the others are downloaded, from the first mirror that
    gives the published content, and take their names only when verified. Progress is shown on
    standard error. ``digits`` needs no network: it is made.

    Parameters
    ----------
    name : str
        ``mnist``, ``kmnist``, ``fashion-mnist`` or ``digits``.
    root : path, optional
        The folder of all data sets, as for `load`; the files go to ``<root>/<name>/``.
    mirrors : sequence of addresses, optional
        Folders to download from, tried in turn, in place of the known ones.

    Returns
    -------
    paths : list of Path
        Images and labels for training, images and labels for testing.

    Raises
    ------
    TinyaeError
        When the name is unknown, when the folder cannot be written to, or when no mirror gives a
        file: the message then tells what each of them gave.
    """
    check_name("fetch", name)
    if mirrors is not None and not all(isinstance(mirror, str) for mirror in mirrors):
        raise TinyaeError(f"fetch: expected mirrors to be a list of addresses, got {mirrors!r}")
    if name == "digits":
        return write_digits(digits_folder(root))
    source = SOURCES[name]
    paths = [data_root(root) / name / file.name for file in source.files]
    in_turn = list(source.mirrors if mirrors is None or len(mirrors) == 0 else mirrors)
    for path, file in zip(paths, source.files, strict=True):
        if _is_whole(path, file):
            continue
        try:
            good = _fetch_file(path, file, in_turn)
        except OSError as reason:
            raise TinyaeError(
                f"fetch({name!r}): expected a place that can be written to, got {reason}"
            ) from reason
        in_turn.sort(key=lambda mirror: mirror != good)  # the good one first from now on
    return paths


def _fetch_file(path: Path, file: PublishedFile, mirrors: Sequence[str]) -> str:
    """Download one file and tell which mirror gave it."""
    failures = []
    with whole_file(path) as stream:
        for mirror in mirrors:
            url = f"{mirror.rstrip('/')}/{file.name}"
            print(url, file=sys.stderr)
            try:
                _download(url, stream)
                _verify(Path(stream.name), file)
                return mirror
            except (OSError, TinyaeError) as reason:
                failures.append(f"  {url}: {_cause(reason)}")
                print(f"  failed: {_cause(reason)}", file=sys.stderr)
        raise TinyaeError(
            f"fetch: expected {file.name} from one of {len(failures)} mirrors, got\n"
            + "\n".join(failures)
            + "\nIs this machine online (behind a proxy: set HTTPS_PROXY)? Try again later, or "
            f"download the file by other means and put it at {path}"
        )


def _download(url: str, stream: IO[bytes]) -> None:
    import pooch

    download = pooch.HTTPDownloader(
        progressbar=True,
        chunk_size=1 << 16,
        timeout=_SECONDS,
        headers={"Accept-Encoding": "identity"},
    )
    stream.seek(0)
    stream.truncate()
    download(url, stream, None)
    stream.flush()


def _cause(error: Exception) -> str:
    """What went wrong, without the names of the connections that it went wrong in."""
    inner = getattr(error.args[0], "reason", error) if error.args else error
    return str(inner).rpartition("): ")[2]


def _is_whole(path: Path, file: PublishedFile) -> bool:
    try:
        _verify(path, file)
    except (OSError, TinyaeError):
        return False
    return True


def _verify(path: Path, file: PublishedFile) -> None:
    """Refuse a file that is neither the published one nor the published content packed anew."""
    with open(path, "rb") as stream:
        md5 = _digest("md5", stream)
    if md5 == file.md5 or (file.payload_sha256 and _payload_sha256(path) == file.payload_sha256):
        return
    raise TinyaeError(
        f"{file.name}: expected MD5 {file.md5}, got {md5} ({path.stat().st_size:,} bytes)"
    )


def _payload_sha256(path: Path) -> str | None:
    try:
        with gzip.GzipFile(path) as stream:
            return _digest("sha256", stream)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return None


def _digest(algorithm: str, stream: BufferedIOBase) -> str:
    """Checksum of a stream, or of its start when it is longer than any file published here."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    read = 0
    while read <= _LARGEST and (chunk := stream.read(1 << 20)):
        digest.update(chunk)
        read += len(chunk)
    return digest.hexdigest()
