"""Members of an archive whose content lies about itself."""

from __future__ import annotations

import io
import pickle
import zipfile
from random import Random

import numpy as np

SHAPES = [(0,), (-1,), (-4, -3), (10**6, 10**6), (2**63,), (0, 10**30), (3, 4), (12,), (1,) * 40]
TYPES = ["<f4", ">f8", "<i8", "|b1", "|u1", "|O", "|V10000000", "<U9", "<c16", "|S0", "<M8[ns]",
         "(" * 400, "<f4,<f4", "f16"]  # fmt: skip


class Trap:
    """Unpickling it would make a folder, and the audit hook would say so."""

    def __reduce__(self) -> tuple:
        import os

        return os.mkdir, ("trapped",)


def shape_that_lies(random: Random, content: bytes) -> bytes:
    """The numbers behind a header that says something else."""
    header = {
        "descr": random.choice(TYPES),
        "fortran_order": random.choice([False, True]),
        "shape": random.choice(SHAPES),
    }
    text = repr(header)
    if random.random() < 0.2:
        text = text.replace("False", random.choice(["__import__('os')", "[" * 90, "1e999", "{}"]))
    length = random.choice([len(text) + 1] * 4 + [2**16 - 1, 0, 3])
    version = random.choice([(1, 0), (1, 0), (2, 0), (3, 0), (9, 9)])
    width = 2 if version == (1, 0) else 4
    start = b"\x93NUMPY" + bytes(version) + length.to_bytes(width, "little")
    return start + text.encode() + b"\n" + content[-48:]


def objects(random: Random, content: bytes) -> bytes:
    """An array of objects, or a bare pickle."""
    if random.random() < 0.3:
        return pickle.dumps(Trap())
    stream = io.BytesIO()
    np.save(stream, np.array([Trap()] * random.randint(1, 3), dtype=object), allow_pickle=True)
    return stream.getvalue()


def nested_archive(random: Random, content: bytes) -> bytes:
    """An archive in an archive, small and swelling."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("description.json", content)
        archive.writestr("0.weight.npy", bytes(random.choice([0, 10**5])))
    return stream.getvalue()
