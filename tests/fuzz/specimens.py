"""One spoilt file of each kind, and what may become of it."""

from __future__ import annotations

import gzip
import io
import json
import math
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import tinyae as ta
from tests.fuzz import arrays
from tests.fuzz.mutations import SIZES, description_spoilt, mutated
from tinyae.checkpoints import _Keeper
from tinyae.files import archive
from tinyae.history import Meter
from tinyae.run import Run

IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
Spoilt = tuple[str, bytes]


def idx(random: Random) -> bytes:
    """A good IDX file: images, labels, or numbers of another type."""
    code, shape = random.choice([(8, (3, 28, 28)), (8, (70,)), (13, (2, 5)), (11, (4, 1, 2))])
    size = math.prod(shape) * np.dtype(IDX_TYPES[code]).itemsize
    return _header(code, shape) + random.randbytes(size)


def _header(code: int, shape: tuple[int, ...]) -> bytes:
    return bytes([0, 0, code, len(shape) % 256]) + struct.pack(f">{len(shape)}I", *shape)


def idx_spoilt(random: Random) -> Spoilt:
    if random.random() < 0.6:
        return mutated(random, idx(random))
    shape = tuple(random.choice(SIZES) for _ in range(random.choice([0, 1, 2, 3, 4, 40])))
    code = random.choice([*IDX_TYPES, 0, 10, 255])
    return "huge declared sizes", _header(code, shape) + random.randbytes(random.choice([0, 9]))


def gzip_spoilt(random: Random) -> Spoilt:
    kind = random.choice(["packed", "packed", "inside", "bomb", "nested", "two members"])
    if kind == "packed":
        return mutated(random, gzip.compress(idx(random), mtime=0))
    if kind == "inside":
        name, content = idx_spoilt(random)
        return f"inside: {name}", gzip.compress(content, 1, mtime=0)
    if kind == "bomb":
        head = random.choice([idx(random), _header(8, (2**32 - 1, 2**20)), _header(8, (9,))])
        return kind, gzip.compress(head + bytes(random.choice([10**5, 4 * 10**6])), 1, mtime=0)
    packed = gzip.compress(idx(random), mtime=0)
    return kind, gzip.compress(packed, mtime=0) if kind == "nested" else packed * 2


def judge_idx(path: Path, content: bytes) -> None:
    """The numbers must be those that a reader of four lines finds."""
    loaded = ta.data.read_idx(path)
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    dtype, dimensions = np.dtype(IDX_TYPES[content[2]]), content[3]
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    assert content[:2] == b"\0\0"
    assert loaded.shape == shape
    expected = np.frombuffer(content, dtype, offset=4 + 4 * dimensions).reshape(shape)
    assert loaded.astype(dtype).tobytes() == expected.tobytes()


def model() -> ta.Module:
    ta.seed(0)
    return ta.Sequential(
        ta.Linear(3, 4), ta.BatchNorm1d(4), ta.Sequential(ta.LeakyReLU(0.2), ta.Dropout(0.1))
    ).eval()


class Archives:
    """Files of one kind: spoilt as they lie there, and with checksums that fit again."""

    def __init__(self, path: Path) -> None:
        self.good = path.read_bytes()
        path.unlink()
        with zipfile.ZipFile(io.BytesIO(self.good)) as file:
            self.members = {name: file.read(name) for name in file.namelist()}
        self.description = json.loads(self.members[archive.DESCRIPTION])

    def spoilt(self, random: Random) -> Spoilt:
        return mutated(random, self.good)

    def forged(self, random: Random) -> Spoilt:
        name = random.choice([*FORGERIES, *["JSON that lies"] * len(FORGERIES)])
        members = dict(self.members)
        options = FORGERIES[name](random, members, self.description) or {}
        return name, _pack(members, random.random() < 0.9, **options)


def judge_model(path: Path, content: bytes) -> None:
    """Behind the checksum there is nothing but the very model."""
    loaded, expected = ta.load(path), model()
    assert repr(loaded) == repr(expected)
    assert _bytes(loaded) == _bytes(expected)


def judge_forged_model(path: Path, content: bytes) -> None:
    """A model of some kind, whose arrays are all in the file."""
    loaded = ta.load(path)
    repr(loaded)
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        known = b"\n".join(file.read(name) for name in file.namelist())
    assert all(array in known for array in _bytes(loaded).values())


def _bytes(loaded: Any) -> dict[str, bytes]:
    return {key: array.tobytes() for key, array in loaded.state_dict().items()}


def run() -> Run:
    """A run of ``fit`` that has not begun."""
    network = ta.Sequential(ta.Linear(3, 4), ta.BatchNorm1d(4), ta.Linear(4, 3))
    optimizer = ta.SGD(network.parameters(), 0.1, momentum=0.9)
    fresh = Run(network, optimizer, [np.ones((2, 3), "float32")], Meter("mean"), {})
    fresh.settings = {"epochs": 2}
    return fresh


def judge_checkpoint(path: Path, content: bytes) -> None:
    """Behind the checksum there is nothing but the very state."""
    expected, loaded = run(), run()
    for parameter in loaded.model.parameters():
        parameter.value += 1
    _Keeper(loaded, path, None, {}).read()
    expected.model.load_state_dict(CHECKPOINTED[0])
    assert _bytes(loaded.model) == _bytes(expected.model)


def judge_forged_checkpoint(path: Path, content: bytes) -> None:
    """A state of that run: all its arrays have their shapes and types."""
    loaded = run()
    _Keeper(loaded, path, None, {}).read()
    expected = {key: (v.shape, v.dtype) for key, v in run().model.state_dict().items()}
    assert {k: (v.shape, v.dtype) for k, v in loaded.model.state_dict().items()} == expected


CHECKPOINTED: list[dict[str, Any]] = []
"""The weights in the good checkpoint."""


def _pack(members: dict[str, bytes], fitting: bool, **options: int) -> bytes:
    if fitting:
        members.pop(archive.CHECKSUM, None)
        members[archive.CHECKSUM] = archive._checksum(members).encode()
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", **options) as file:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in members.items():
            file.writestr(name.rstrip("+"), content)
    return stream.getvalue()


def _array(random: Random, members: dict[str, bytes]) -> str:
    return random.choice([name for name in members if name.endswith(".npy")])


def _member(change: Callable[[Random, bytes], bytes]) -> Callable:
    def forge(random: Random, members: dict[str, bytes], description: dict) -> None:
        name = _array(random, members)
        members[name] = change(random, members[name])

    return forge


def _json(random: Random, members: dict[str, bytes], description: dict) -> None:
    members[archive.DESCRIPTION] = json.dumps(description_spoilt(random, description)).encode()


def _json_bytes(random: Random, members: dict[str, bytes], description: dict) -> None:
    if random.random() < 0.1:
        deep = random.choice([b"[", b'{"a":', b'{"modules":[']) * 10**5
        members[archive.DESCRIPTION] = deep
    else:
        members[archive.DESCRIPTION] = mutated(random, members[archive.DESCRIPTION])[1]


PATHS = ["../../{}", "/etc/{}", "C:\\{}", "a/../{}", "\x01{}", "{}/", "//{}", "description.json/{}"]


def _paths(random: Random, members: dict[str, bytes], description: dict) -> None:
    name = _array(random, members)
    content = members.pop(name) if random.random() < 0.5 else members[name]
    members[random.choice(PATHS).format(name)] = content


def _compressed(random: Random, members: dict[str, bytes], description: dict) -> dict[str, int]:
    members[_array(random, members)] = bytes(random.choice([100, 10**6]))
    return {"compression": random.choice([8, 12, 14])}


def _twice(random: Random, members: dict[str, bytes], description: dict) -> None:
    name = random.choice(list(members))
    members[f"{name}+"] = members[name]


def _version(random: Random, members: dict[str, bytes], description: dict) -> None:
    version = random.choice([0, 2, 10**30, "1", None, 1.0, True])
    members[archive.DESCRIPTION] = json.dumps({**description, "version": version}).encode()


FORGERIES: dict[str, Callable] = {
    "JSON that lies": _json,
    "JSON spoilt": _json_bytes,
    "shapes that lie": _member(arrays.shape_that_lies),
    "array bytes spoilt": _member(lambda random, content: mutated(random, content)[1]),
    "object arrays": _member(arrays.objects),
    "nested archives": _member(arrays.nested_archive),
    "path tricks": _paths,
    "compressed": _compressed,
    "members twice": _twice,
    "other versions": _version,
}


def kinds(folder: Path) -> dict[str, tuple[str, Callable, Callable]]:
    """By name: the file's ending, its maker, and its judge, who may refuse it."""
    path = folder / "good.npz"
    ta.save(model(), path)
    models = Archives(path)
    ta.seed(0)
    good = run()
    CHECKPOINTED[:] = [good.model.state_dict()]
    _Keeper(good, path, None, {}).write()
    checkpoints = Archives(path)
    return {
        "IDX": (".idx", idx_spoilt, judge_idx),
        "IDX, gzip": (".gz", gzip_spoilt, judge_idx),
        "model .npz": (".npz", models.spoilt, judge_model),
        "model .npz, checksum forged": (".npz", models.forged, judge_forged_model),
        "checkpoint .npz": (".npz", checkpoints.spoilt, judge_checkpoint),
        "checkpoint .npz, checksum forged": (".npz", checkpoints.forged, judge_forged_checkpoint),
    }
