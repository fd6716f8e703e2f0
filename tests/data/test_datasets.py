"""The named data sets: found where they belong, refused when they are not what they should be."""

import ast
import os
import runpy
import shutil
import sys
import threading
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tinyae.data import NAMES, datasets, fetch, load, read_idx, write_idx
from tinyae.errors import TinyaeError

user_cache = datasets._cache
SCRIPTS = Path(__file__).parents[2] / "data_scripts"


def images(n):
    return (np.arange(n * 784) % 256).astype(np.uint8).reshape(n, 28, 28)


def write_pair(folder, prefix="train", n=5, **replaced):
    arrays = {"images": images(n), "labels": np.arange(n, dtype=np.uint8)} | replaced
    write_idx(folder / f"{prefix}-images-idx3-ubyte.gz", arrays["images"])
    write_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", arrays["labels"])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty user cache, and no TINYAE_DATA."""
    monkeypatch.delenv("TINYAE_DATA", raising=False)
    monkeypatch.setattr(datasets, "_cache", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def made(monkeypatch):
    """A quick stand-in for the digits generator; the splits that were made."""
    splits = []

    def make_digits(split, seed=0):
        splits.append(split)
        time.sleep(0.01)
        n = {"train": 6, "test": 3}[split]
        return images(n), (np.arange(n) + seed).astype(np.uint8)

    module = SimpleNamespace(make_digits=make_digits)
    monkeypatch.setitem(sys.modules, "tinyae.data.digits", module)
    return splits


def test_root_is_the_argument_then_the_environment_then_the_cache(tmp_path, cache, monkeypatch):
    write_pair(cache / "mnist", n=1)
    assert len(load("mnist")[0]) == 1
    write_pair(tmp_path / "environment" / "mnist", n=2)
    monkeypatch.setenv("TINYAE_DATA", str(tmp_path / "environment"))
    assert len(load("mnist")[0]) == 2
    write_pair(tmp_path / "argument" / "mnist", n=3)
    assert len(load("mnist", root=tmp_path / "argument")[0]) == 3


def test_the_users_cache_is_a_folder_of_our_own():
    assert user_cache().is_absolute()
    assert "tinyae" in user_cache().parts


def test_what_is_loaded(tmp_path):
    write_pair(tmp_path / "kmnist", "train", n=4)
    write_pair(tmp_path / "kmnist", "t10k", n=3)
    x, y = load("kmnist", "test", tmp_path)
    assert (x.dtype, y.dtype) == (np.uint8, np.int64)
    np.testing.assert_array_equal(x, images(3))
    np.testing.assert_array_equal(y, [0, 1, 2])
    assert len(load("kmnist", root=str(tmp_path))[0]) == 4


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("fashion_mnist", "'fashion-mnist'"),
        ("MNIST", "'mnist'"),
        ("kminst", "'kmnist'"),
        ("digit", "'digits'"),
    ],
)
@pytest.mark.parametrize("function", [load, fetch])
def test_an_unknown_name_tells_the_near_ones_and_all(function, name, near):
    with pytest.raises(TinyaeError, match=f"^{function.__name__}: .*did you mean .*{near}") as told:
        function(name)
    assert ", ".join(NAMES) in str(told.value)


def test_an_unknown_name_near_none_and_an_unknown_split():
    with pytest.raises(TinyaeError, match=r"got 'cifar10'$"):
        load("cifar10")
    with pytest.raises(TinyaeError, match="'train' or 'test', got 'valid'"):
        load("mnist", "valid")


def test_missing_data_tells_the_commands_that_fetch_it(tmp_path):
    with pytest.raises(TinyaeError) as told:
        load("mnist", "test")
    assert "t10k-images-idx3-ubyte.gz, got no such file" in str(told.value)
    assert "'tinyae data mnist'" in str(told.value)
    assert "'python data_scripts/download.py mnist'" in str(told.value)
    assert "TINYAE_DATA" in str(told.value)
    with pytest.raises(TinyaeError, match=r"tinyae data mnist --root '.*my data'"):
        load("mnist", root=tmp_path / "my data")


def test_missing_labels_are_told_too(tmp_path):
    write_pair(tmp_path / "mnist")
    (tmp_path / "mnist" / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(TinyaeError, match=r"train-labels-idx1-ubyte.gz, got no such file"):
        load("mnist", root=tmp_path)


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ({"images": images(4)}, r"label for each of 4 images, got uint8 \(5,\)"),
        ({"images": images(5)[:, :27]}, r"images \(N, 28, 28\), got uint8 \(5, 27, 28\)"),
        ({"images": images(5).reshape(5, 784)}, r"got uint8 \(5, 784\)"),
        ({"images": images(5).astype(np.float32)}, r"got float32 \(5, 28, 28\)"),
        ({"labels": np.zeros((5, 1), np.uint8)}, r"got uint8 \(5, 1\)"),
        ({"labels": np.zeros(5, np.float32)}, r"got float32 \(5,\)"),
    ],
)
def test_files_that_hold_something_else(tmp_path, replaced, message):
    write_pair(tmp_path / "mnist", **replaced)
    with pytest.raises(TinyaeError, match=message):
        load("mnist", root=tmp_path)


def test_a_broken_file_is_named(tmp_path):
    write_pair(tmp_path / "mnist")
    path = tmp_path / "mnist" / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(TinyaeError, match=r"train-images-idx3-ubyte\.gz.*whole gzip file"):
        load("mnist", root=tmp_path)


def test_digits_are_made_once_and_a_split_at_a_time(cache, made):
    x, y = load("digits", "test")
    assert (x.dtype, y.dtype) == (np.uint8, np.int64)
    np.testing.assert_array_equal(load("digits", "test")[0], x)
    np.testing.assert_array_equal(load("digits", "test")[1], y)
    assert made == ["test"]
    assert len(load("digits")[0]) == 6
    assert made == ["test", "train"]
    assert datasets.digits_folder().parent == cache


def test_digits_pass_over_the_environment_but_not_the_argument(tmp_path, monkeypatch, made):
    monkeypatch.setenv("TINYAE_DATA", str(tmp_path / "read-only"))
    load("digits", "test")
    assert not (tmp_path / "read-only").exists()
    load("digits", "test", root=tmp_path / "here")
    assert len(made) == 2
    assert datasets.digits_folder(tmp_path / "here").parent == tmp_path / "here"
    assert any((tmp_path / "here").rglob("t10k-images-idx3-ubyte.gz"))


def test_digits_come_from_memory_when_they_cannot_be_cached(tmp_path, monkeypatch, made):
    (tmp_path / "file").touch()
    monkeypatch.setattr(datasets, "_cache", lambda: tmp_path / "file")
    for _ in range(2):
        with pytest.warns(UserWarning, match="digits are not cached.*place that can be written to"):
            assert len(load("digits", "test")[0]) == 3
    assert made == ["test", "test"]


def test_broken_cached_digits_are_made_anew(made):
    load("digits", "test")
    path = datasets.digits_folder() / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.warns(UserWarning, match="made anew: .*whole gzip file"):
        x, _ = load("digits", "test")
    np.testing.assert_array_equal(x, images(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load("digits", "test")


def test_several_may_make_the_digits_at_once(made):
    loaded = []
    threads = [
        threading.Thread(target=lambda: loaded.append(load("digits", "test"))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 6
    for x, y in loaded:
        np.testing.assert_array_equal(x, images(3))
        np.testing.assert_array_equal(y, [0, 1, 2])
    assert len(list(datasets.digits_folder().iterdir())) == 2  # nothing half-written is left


def test_a_changed_generator_or_seed_has_another_folder(tmp_path, monkeypatch):
    before = datasets.digits_folder()
    assert datasets.digits_folder() == before
    for source in datasets._DIGITS_SOURCES:
        shutil.copy(Path(datasets.__file__).with_name(source), tmp_path)
    monkeypatch.setattr(datasets, "__file__", str(tmp_path / "datasets.py"))
    assert datasets.digits_folder() == before
    for source in datasets._DIGITS_SOURCES:
        with open(tmp_path / source, "a") as file:
            file.write("# changed\n")
        assert datasets.digits_folder() != before
        before = datasets.digits_folder()
    monkeypatch.setattr(datasets, "_DIGITS_SEED", 1)
    assert datasets.digits_folder() != before


def test_the_generator_is_made_of_the_sources_that_count():
    """Else a change in a forgotten file would leave stale digits in the cache."""
    folder = Path(datasets.__file__).parent
    imported = set()
    for source in datasets._DIGITS_SOURCES:
        for node in ast.walk(ast.parse((folder / source).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(f"{(node.module or '').rpartition('.')[2]}.py")
    neighbours = {path.name for path in folder.glob("*.py")}
    assert imported & neighbours <= set(datasets._DIGITS_SOURCES)


def test_the_real_digits(cache):
    x, y = load("digits", "test")
    assert x.shape == (2000, 28, 28)
    assert (x.dtype, y.dtype) == (np.uint8, np.int64)
    assert np.bincount(y).tolist() == [200] * 10
    np.testing.assert_array_equal(load("digits", "test")[0], x)


def test_fetching_the_digits_puts_them_where_load_looks(tmp_path, made):
    paths = fetch("digits", tmp_path)
    assert [path.exists() for path in paths] == [True] * 4
    assert made == ["train", "test"]
    load("digits", root=tmp_path)
    load("digits", "test", root=tmp_path)
    assert made == ["train", "test"]


def test_script_that_writes_the_digits(tmp_path, capsys, made):
    main = runpy.run_path(str(SCRIPTS / "make_digits.py"))["main"]
    assert main([str(tmp_path / "new")]) == 0
    written = capsys.readouterr().out.split()
    assert [Path(path).name for path in written] == [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ]
    np.testing.assert_array_equal(read_idx(written[2]), images(3))
    (tmp_path / "file").touch()
    assert main([str(tmp_path / "file")]) == 2
    assert "error: write_idx" in capsys.readouterr().err


REAL = os.environ.get("TINYAE_DATA")


@pytest.mark.parametrize(
    ("name", "split", "first", "counts"),
    [
        (
            "mnist",
            "train",
            [5, 0, 4, 1, 9],
            [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
        ),
        (
            "mnist",
            "test",
            [7, 2, 1, 0, 4],
            [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
        ),
        ("kmnist", "test", [2, 9, 3, 8, 3], [1000] * 10),
        ("fashion-mnist", "train", [9, 0, 0, 3, 0], [6000] * 10),
    ],
)
def test_the_published_data(name, split, first, counts):
    if REAL is None:
        pytest.skip(
            f"needs TINYAE_DATA, the folder of the real data, and there: tinyae data {name}"
        )
    if not (Path(REAL) / name / f"{datasets._SPLITS[split]}-images-idx3-ubyte.gz").exists():
        pytest.skip(f"needs {name} below TINYAE_DATA: tinyae data {name}")
    x, y = load(name, split, REAL)
    assert x.shape == (sum(counts), 28, 28)
    assert y[:5].tolist() == first
    assert np.bincount(y).tolist() == counts
