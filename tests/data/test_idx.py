"""IDX files: what is written comes back, and nothing broken comes in."""

import contextlib
import gzip
import re
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinyae.data.idx as idx
from tinyae.data import read_idx, write_idx
from tinyae.errors import TinyaeError

TYPES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
LABELS = bytes([0, 0, 0x08, 1, 0, 0, 0, 3, 7, 8, 9])

arrays = hnp.arrays(
    st.sampled_from([order + kind for order in "<>" for kind in TYPES]),
    hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4),
)


@given(array=arrays, ending=st.sampled_from(["", ".gz"]))
@settings(max_examples=60, deadline=None)
def test_round_trip(tmp_path_factory, array, ending):
    path = tmp_path_factory.mktemp("idx") / f"array{ending}"
    write_idx(path, array)
    back = read_idx(path)
    assert back.shape == array.shape
    assert back.dtype == array.dtype.newbyteorder("=")
    assert back.astype(array.dtype).tobytes() == array.tobytes()  # bytes, as NaN differs from NaN
    assert back.flags.writeable


@pytest.mark.parametrize(("kind", "code"), TYPES.items())
def test_layout_is_the_published_one(tmp_path, kind, code):
    array = np.array([[1, 2, 3], [4, 5, 6]], kind)
    write_idx(tmp_path / "array", array)
    expected = bytes([0, 0, code, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + array.astype(">" + kind).tobytes()
    assert (tmp_path / "array").read_bytes() == expected


def test_reads_a_file_written_by_hand(tmp_path):
    path = tmp_path / "labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(LABELS))
    np.testing.assert_array_equal(read_idx(str(path)), np.array([7, 8, 9], np.uint8))


def test_strided_array_is_written_in_index_order(tmp_path):
    array = np.arange(12, dtype=np.int32).reshape(3, 4).T[::2]
    write_idx(tmp_path / "array", array)
    np.testing.assert_array_equal(read_idx(tmp_path / "array"), array)


def test_equal_arrays_give_equal_files(tmp_path):
    array = np.arange(1000, dtype=np.uint8)
    write_idx(tmp_path / "a.gz", array)
    write_idx(tmp_path / "b.gz", array)
    packed = (tmp_path / "a.gz").read_bytes()
    assert packed == (tmp_path / "b.gz").read_bytes()
    assert packed[3] == 0  # no name in the gzip header
    assert packed[4:8] == bytes(4)  # no time either


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3, np.int64), "expected an array of uint8, .*, got int64"),
        (np.zeros(3, bool), "got bool"),
        (np.zeros(3, np.uint16), "got uint16"),
        (np.float32(1), r"1 to 32 dimensions.*got shape \(\)"),
        (np.empty((0, 2**32), np.uint8), "each below 2³²"),
    ],
)
def test_write_refuses_what_idx_cannot_hold(tmp_path, array, message):
    with pytest.raises(TinyaeError, match=message):
        write_idx(tmp_path / "array.gz", array)
    assert list(tmp_path.iterdir()) == []


def test_write_refuses_a_place_that_is_none(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TinyaeError, match="place that can be written to"):
        write_idx(tmp_path / "file" / "array", np.zeros(3, np.uint8))


def refusal(path, content=None):
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TinyaeError) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "header of at least 8 bytes, got 0 bytes"),
        (b"\0\0\x08", "header of at least 8 bytes, got 3 bytes"),
        (b"\x89PNG" + LABELS, "starts with the bytes 00 00, got 89 50 4e 47"),
        (b"\0\1" + LABELS[2:], "starts with the bytes 00 00, got 00 01 08 01"),
        (b"\0\0\x0a\1" + LABELS[4:], r"type code of 0x08 \(uint8\), .*, got 0x0a"),
        (b"\0\0\x08\0", "1 to 32 dimensions, got 0"),
        (b"\0\0\x08\xff" + bytes(2000), "1 to 32 dimensions, got 255"),
        (b"\0\0\x08\3" + bytes(8), "3 sizes of 4 bytes in the header, got 8 bytes"),
        (LABELS[:-1], r"3 bytes of data for uint8 \(3,\), got only 2"),
        (LABELS + b"\0", r"3 bytes of data for uint8 \(3,\), got more"),
    ],
)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_read_refuses_broken_content(tmp_path, content, message, ending):
    content = gzip.compress(content) if ending else content
    told = refusal(tmp_path / f"file{ending}", content)
    assert re.search(message, told), told


def test_read_refuses_what_is_no_file(tmp_path):
    assert "got no such file" in refusal(tmp_path / "missing.gz")
    assert "got a folder" in refusal(tmp_path)
    assert "expected a readable file" in refusal(tmp_path / ("x" * 300))


def test_read_refuses_what_is_no_whole_gzip_file(tmp_path):
    path = tmp_path / "file.gz"
    whole = gzip.compress(LABELS)
    assert "Not a gzipped file" in refusal(path, LABELS)
    assert "header of at least 8 bytes, got 0" in refusal(path, b"")
    for cut in (5, len(whole) // 2, len(whole) - 1):
        assert "whole gzip file, got a broken one" in refusal(path, whole[:cut])
    wrong_crc = whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:]
    assert "CRC check failed" in refusal(path, wrong_crc)
    wrong_stream = whole[:12] + bytes(byte ^ 0xFF for byte in whole[12:-8]) + whole[-8:]
    assert "whole gzip file, got a broken one" in refusal(path, wrong_stream)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_huge_declared_size_takes_no_memory(tmp_path, ending):
    content = struct.pack(">BBBB4I", 0, 0, 0x0E, 4, *[2**32 - 1] * 4) + bytes(100)
    content = gzip.compress(content) if ending else content
    tracemalloc.start()
    told = refusal(tmp_path / f"file{ending}", content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "got only 100" in told
    assert peak < 20e6


def test_a_gzip_bomb_is_not_unpacked(tmp_path, monkeypatch):
    unpacked = []

    class Counting(gzip.GzipFile):
        def read(self, size=-1):
            data = super().read(size)
            unpacked.append(len(data))
            return data

    monkeypatch.setattr(idx.gzip, "GzipFile", Counting)
    told = refusal(tmp_path / "bomb.gz", gzip.compress(LABELS + bytes(50_000_000), 1))
    assert "got more" in told
    assert sum(unpacked) == len(LABELS) + 1


@given(
    start=st.binary(max_size=12),
    header=st.tuples(
        st.just(0), st.just(0), st.sampled_from(list(TYPES.values())), st.integers(0, 40)
    ),
    sizes=st.lists(st.sampled_from([0, 1, 2, 3, 2**31, 2**32 - 1]), max_size=5),
    rest=st.binary(max_size=40),
)
@example(start=b"", header=(0, 0, 8, 3), sizes=[0, 2**32 - 1, 2**32 - 1], rest=b"")
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_an_array_or_a_refusal(tmp_path_factory, start, header, sizes, rest):
    path = tmp_path_factory.getbasetemp() / "any"
    for content in (start, bytes(header) + struct.pack(f">{len(sizes)}I", *sizes) + rest):
        path.write_bytes(content)
        with contextlib.suppress(TinyaeError):
            assert isinstance(read_idx(path), np.ndarray)
