"""Strangers' files: a short form of ``python -m tests.fuzz``, and a look at the lookers."""

import os
import pickle
import sys
import time

import pytest

import tinyae as ta
from tests.fuzz import worker
from tests.fuzz.guard import Guard
from tests.fuzz.running import run

pytest.importorskip("resource", reason="the fuzzer limits memory, which needs Linux or macOS")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which needs Linux")

KINDS = ("IDX", "IDX, gzip", "model .npz", "model .npz, checksum forged",
         "checkpoint .npz")  # fmt: skip


def assert_nothing_failed(outcome, files):
    assert outcome.failures == []
    assert sum(row.files for row in outcome.rows.values()) == files
    assert outcome.grown < 100
    for kind in KINDS:  # neither all loaded nor all refused: the files are near to good ones
        rows = [row for (name, _), row in outcome.rows.items() if name == kind]
        assert sum(row.loaded for row in rows) > 0
        assert sum(row.refused for row in rows) > 0


def test_some_files():
    assert_nothing_failed(run(1200), 1200)


@pytest.mark.slow
def test_20_000_files():
    assert_nothing_failed(run(20_000), 20_000)


@pytest.fixture(scope="module")
def guard():
    return Guard()


def hangs(path, content):
    while True:
        pass


def wrong(path, content):
    assert content == b"other"


def crashes(path, content):
    {}["key"]


def looks_elsewhere(path, content):
    open(__file__).close()


def writes(path, content):
    open(path, "r+b").close()


def unpickles(path, content):
    pickle.loads(pickle.dumps(os.getcwd))


def runs_code(path, content):
    exec("1 + 1")


def asks_too_much(path, content):
    raise ta.TinyaeError(f"{path}: too much") from MemoryError()


def names_nothing(path, content):
    raise ta.TinyaeError("no")


def dawdles(path, content):
    time.sleep(0.3)


def loads(path, content):
    assert path.read_bytes() == content


def refuses(path, content):
    raise ta.TinyaeError(f"{path}: damaged")


FATES = {
    hangs: "hung",
    wrong: "wrong content",
    crashes: "KeyError",
    looks_elsewhere: "did open",
    writes: "did open",
    unpickles: "did pickle.find_class",
    runs_code: "did exec",
    asks_too_much: "took too much memory",
    names_nothing: "told badly",
    dawdles: "took 0.3 s",
    loads: "loaded",
    refuses: "refused",
}


@pytest.mark.parametrize("reader", FATES, ids=lambda reader: reader.__name__)
def test_a_reader_that_misbehaves_is_noticed(tmp_path, monkeypatch, guard, reader):
    import signal

    monkeypatch.setattr(worker, "ENOUGH", 1)
    monkeypatch.setattr(worker, "SECONDS", 0.2 if reader is dawdles else 2)
    before = signal.signal(signal.SIGALRM, worker._alarm)
    try:
        path = tmp_path / "file"
        path.write_bytes(b"content")
        fate, _ = worker.examine(path, b"content", reader, guard)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert fate.startswith(FATES[reader])


def test_a_crash_is_counted_and_the_rest_goes_on(monkeypatch, tmp_path):
    """A worker that dies at file 3 is started again at file 4."""
    fake = tmp_path / "fake.py"
    fake.write_text(
        "import json, os, sys\n"
        "for n in range(int(sys.argv[2]), int(sys.argv[3])):\n"
        "    print(json.dumps({'number': n, 'kind': 'k', 'mutation': 'm'}), flush=True)\n"
        "    n == 3 and os.abort()\n"
        "    print(json.dumps({'fate': 'loaded', 'seconds': 0, 'grown': 0}), flush=True)\n"
    )
    monkeypatch.setattr("tests.fuzz.running.WORKER", [str(fake)])
    outcome = run(6)
    assert outcome.rows["k", "m"].files == 6
    assert outcome.failures == ["k, m, file 3: ended the process with status -6"]
    assert "k  " in outcome.table()
