"""Every file that is written appears whole or not at all, whatever goes wrong."""

import ast
import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
import pytest

import tinyae as ta
from tinyae.grading.progress import Progress
from tinyae.pages import write_page
from tinyae.report import write_figures, write_report
from tinyae.views.plots import loss_curves

matplotlib.use("Agg")
PACKAGE = Path(ta.__file__).parent
OLD = b"old"


def small():
    return ta.VAE(ta.Linear(3, 4), ta.Linear(4, 2), ta.Linear(4, 2), ta.Linear(2, 3))


def traced(path):
    model = ta.Linear(3, 2)
    with ta.trace(model) as tape:
        model(np.ones((1, 3), "float32"))
    tape.to_html(path)


def trained(path):
    model = ta.Linear(3, 3)
    data, optimizer = [np.ones((2, 3), "float32")], ta.SGD(model.parameters(), 0.1)
    ta.fit(model, data, 1, optimizer, ta.MSELoss(), checkpoint=path, progress=False)


def explored(path):
    x = np.random.default_rng(0).random((12, 3), "float32")
    ta.explore(small(), x, np.arange(12) % 3, path)


def drawn(path):
    write_figures({path.stem: loss_curves({"loss": [2.0, 1.0]})}, path.parent)


WRITERS = {
    "model.npz": lambda path: ta.save(ta.Linear(30, 30), path),
    "checkpoint.npz": trained,
    "array.idx": lambda path: ta.data.write_idx(path, np.ones(999, "uint8")),
    "array.gz": lambda path: ta.data.write_idx(path, np.arange(999, dtype="int32")),
    "network.png": lambda path: ta.plot_model(small(), path, (3,)),
    "figure.png": drawn,
    "map.html": explored,
    "film.html": traced,
    "page.html": lambda path: write_page("page", path, "x" * 999),
    "progress.json": lambda path: Progress(path.parent, right=["x" * 999]).write(),
}  # fmt: skip


def full_write(monkeypatch):
    """The disk is full after 100 bytes: a limit of the system, so the real error comes."""
    resource = pytest.importorskip("resource", reason="needs Linux or macOS")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)


def failing(name, number):
    def spoil(monkeypatch):
        def fail(*args, **kwargs):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, name, fail)
        return monkeypatch.undo

    return spoil


TROUBLES = {
    "full while writing": full_write,
    "full while flushing": failing("fsync", errno.ENOSPC),
    "broken while renaming": failing("replace", errno.EIO),
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("name", WRITERS)
def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path, monkeypatch, name, trouble
):
    path = tmp_path / name
    path.write_bytes(OLD)
    restore = TROUBLES[trouble](monkeypatch)
    try:
        with pytest.raises((ta.TinyaeError, OSError)) as told:
            WRITERS[name](path)
    finally:
        restore()
    assert path.read_bytes() == OLD
    assert os.listdir(tmp_path) == [name]
    assert isinstance(told.value, ta.TinyaeError), "expected a sentence"
    assert path.name in str(told.value)


@pytest.mark.parametrize("name", WRITERS)
def test_without_trouble_the_file_is_replaced(tmp_path, name):
    (tmp_path / name).write_bytes(OLD)
    WRITERS[name](tmp_path / name)
    assert (tmp_path / name).read_bytes() != OLD
    assert os.listdir(tmp_path) == [name]


@pytest.fixture(scope="module")
def result():
    settings = ta.recipes.Settings(limit=30, epochs=1, progress=False)
    return ta.recipes.get("gaussian-vae").run(settings)


REPORT = ["latent-means.png", "loss.png", "model.npz", "pca-identity.png", "pca-scores.png",
          "result.json"]  # fmt: skip


@pytest.mark.parametrize("broken", REPORT)
def test_each_file_of_a_report_is_the_old_one_where_it_cannot_be_written(
    tmp_path, monkeypatch, result, broken
):
    for name in REPORT:
        (tmp_path / name).write_bytes(OLD)
    rename = os.replace

    def fail(source, target):
        if Path(target).name == broken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rename(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ta.TinyaeError, match=f"{broken}: cannot be written: .*No space left"):
        write_report(result, tmp_path)
    assert (tmp_path / broken).read_bytes() == OLD
    assert sorted(os.listdir(tmp_path)) == REPORT


def test_every_file_of_a_report_takes_its_name_by_renaming(tmp_path, monkeypatch, result):
    renamed, rename = [], os.replace

    def note(source, target):
        renamed.append(Path(target).name)
        rename(source, target)

    monkeypatch.setattr(os, "replace", note)
    told = write_report(result, tmp_path)
    assert sorted(renamed) == sorted(os.listdir(tmp_path)) == REPORT
    assert sorted(path.name for path in told) == REPORT


READ_ONLY = """
import os, sys
import tinyae as ta
path = sys.argv[1]
ta.save(ta.Linear(1, 1), path)
os.chmod(os.path.dirname(path), 0o555)
if os.geteuid() == 0:  # who may write everywhere
    os.setgroups([])
    os.setuid(65534)
try:
    ta.save(ta.Linear(2, 2), path)
except ta.TinyaeError as reason:
    print(reason)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs the rights of Linux or macOS")
def test_a_read_only_folder():
    """In a folder that another user can reach, in a process that gives up the rights of root."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "read-only"
        path = folder / "model.npz"
        folder.mkdir()
        os.chmod(root, 0o755)
        command = [sys.executable, "-c", READ_ONLY, str(path)]
        done = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True)
        assert folder.stat().st_mode & 0o777 == 0o555
        folder.chmod(0o755)
        assert "model.npz: cannot be written: " in done.stdout, done.stderr
        assert "Permission denied" in done.stdout
        assert repr(ta.load(path)) == "Linear(1, 1)"
        assert os.listdir(folder) == ["model.npz"]


def test_a_place_that_nobody_may_write_to():
    if not os.path.isdir("/proc"):
        pytest.skip("needs /proc: run it on Linux")
    with pytest.raises(ta.TinyaeError, match="cannot be written"):
        ta.save(ta.Linear(1, 1), "/proc/model.npz")


KILLED = """
import os, signal, sys
import tinyae as ta
def kill(*args, **kwargs): os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "write":
    import zipfile
    def half(archive, *_): archive.fp.write(b"half"), archive.fp.flush(), kill()
    zipfile.ZipFile.writestr = half
else:
    setattr(os, sys.argv[1], kill)
ta.save(ta.Linear(30, 30), sys.argv[2])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL: Linux or macOS")
@pytest.mark.parametrize("moment", ["write", "fsync", "replace"])
def test_a_kill_leaves_the_old_file(tmp_path, moment):
    path = tmp_path / "model.npz"
    ta.save(ta.Linear(1, 1), path)
    old = path.read_bytes()
    command = [sys.executable, "-c", KILLED, moment, str(path)]
    assert subprocess.run(command, cwd=PACKAGE.parent).returncode == -signal.SIGKILL
    assert path.read_bytes() == old
    left = [name for name in os.listdir(tmp_path) if name != path.name]
    assert all(name.startswith(".") and name.endswith(".part") for name in left)
    ta.save(ta.Linear(2, 2), path)  # what is left is in nobody's way
    assert repr(ta.load(path)) == "Linear(2, 2)"


SHARE = """
import hashlib, sys
import tinyae as ta
images, labels = ta.data.load("digits", "test", root=sys.argv[1])
print(hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest())
"""


def test_processes_that_fill_one_cache_do_not_spoil_each_other(tmp_path):
    command = [sys.executable, "-W", "error", "-c", SHARE, str(tmp_path)]
    started = [
        subprocess.Popen(command, cwd=PACKAGE.parent, stdout=subprocess.PIPE) for _ in range(3)
    ]
    told = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(set(told)) == 1
    (folder,) = tmp_path.iterdir()
    assert sorted(path.suffix for path in folder.iterdir()) == [".gz", ".gz"]


SCRATCH = {"atomic.py", "worker.py", "sandbox.py"}
"""Those that write otherwise: the one that makes it whole, and a process's own empty folder."""


def writes(node):
    """Whether a call writes a file by its name."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(
        node.func, "id", "")  # fmt: skip
    if name in ("write_text", "write_bytes", "savez", "tofile", "imsave", "mkstemp"):
        return True
    if name == "savefig":
        return getattr(node.args[0], "id", "") not in ("file", "stream")
    modes = [keyword.value for keyword in node.keywords if keyword.arg == "mode"]
    modes += node.args[isinstance(node.func, ast.Name) :][:2]  # path.open(mode), gzip.open(p, mode)
    texts = [mode.value for mode in modes if isinstance(mode, ast.Constant)]
    return name == "open" and any(set("wax+") & set(str(text)) for text in texts)


@pytest.mark.parametrize(
    "line",
    ["open(path, 'w')", "path.open('ab')", "figure.savefig(path)", "figure.savefig(str(file))",
     "path.write_text(text)", "np.savez(path)", "open(path, mode='x')",
     "gzip.open(path, 'wb')"],
)  # fmt: skip
def test_writing_in_another_way_is_noticed(line):
    assert writes(ast.parse(line, mode="eval").body)


@pytest.mark.parametrize(
    "line", ["open(path, 'rb')", "open('max')", "path.open()", "figure.savefig(file)", "read('w')"]
)
def test_reading_is_no_writing(line):
    assert not writes(ast.parse(line, mode="eval").body)


def test_nothing_is_written_in_another_way():
    found = [
        f"{path.name}:{node.lineno}"
        for path in PACKAGE.rglob("*.py")
        if path.name not in SCRATCH
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and writes(node)
    ]
    assert found == []
