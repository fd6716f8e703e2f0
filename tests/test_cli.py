"""The command line: what it prints where, and how it refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tinyae as ta
from tests import fake_images
from tinyae import cli, recipes
from tinyae.commands import data as data_command
from tinyae.data import NAMES

KEYS = ["recipe", "data", "n_train", "parameters", "epochs", "history", "metrics", "seconds"]


@pytest.fixture(scope="module")
def image_root(tmp_path_factory):
    return fake_images.write(tmp_path_factory.mktemp("data"), "mnist")


@pytest.fixture
def images(image_root, monkeypatch):
    """``mnist`` is 300 easy images."""
    monkeypatch.setenv("TINYAE_DATA", str(image_root))
    return image_root


def run(capsys, *words):
    """Exit status, lines of standard output and lines of standard error."""
    status = cli.main(list(words))
    out, err = capsys.readouterr()
    return status, out.splitlines(), err.splitlines()


def refusal(capsys, *words):
    """The one line of a command that is refused."""
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, [])
    (line,) = err
    assert line.startswith("tinyae: ")
    return line


def python(*words, **environment):
    """A run as a program of its own, from somewhere else."""
    root = str(Path(ta.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-m", "tinyae", *words],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1", **environment},
        cwd=Path(root).anchor,
    )


# what works


def test_the_last_line_of_train_is_the_result_as_json(capsys):
    status, out, err = run(capsys, "train", "gaussian-vae", "--epochs", "5", "--json")
    result = json.loads(out[-1])
    assert status == 0
    assert list(result) == KEYS
    assert (result["recipe"], result["data"]) == ("gaussian-vae", "gaussian-groups")
    assert (result["n_train"], result["parameters"], result["epochs"]) == (400, 479, 5)
    assert list(result["history"]) == ["loss", "reconstruction", "prior"]
    assert {len(values) for values in result["history"].values()} == {5}
    assert result["metrics"] == {}
    assert result["seconds"] > 0
    assert "epoch 5/5" in err[-1]
    assert "epoch" not in out[0].replace("epochs", "")  # progress is on standard error alone


def test_the_json_is_what_the_recipe_gives(capsys):
    words = ["train", "gaussian-vae", "--epochs", "3", "--limit", "50", "--seed", "7", "--json"]
    _, out, _ = run(capsys, *words)
    settings = recipes.Settings(epochs=3, limit=50, seed=7, progress=False)
    expected = recipes.get("gaussian-vae").run(settings).as_json()
    result = json.loads(out[-1])
    assert result.pop("seconds") > 0
    del expected["seconds"]
    assert result == expected
    assert result["n_train"] == 50


def test_the_metrics_of_a_recipe_are_in_the_json(capsys, images):
    words = ["train", "mlp-vae", "--epochs", "1", "--limit", "128", "--json"]
    _, out, _ = run(capsys, *words)
    assert list(json.loads(out[-1])["metrics"]) == ["test_loss"]


def test_data_and_split_are_handed_on(capsys, images):
    words = ["train", "dense-vae", "--epochs", "1", "--data", "mnist", "--split", "test", "--json"]
    _, out, _ = run(capsys, *words)
    result = json.loads(out[-1])
    assert (result["data"], result["n_train"]) == ("mnist", fake_images.TEST)


def test_train_tells_people_the_same_in_words(capsys):
    status, out, _ = run(capsys, "train", "gaussian-vae", "--epochs", "2")
    assert status == 0
    assert out[0].startswith("gaussian-vae on 400 samples of gaussian-groups: 479 parameters, ")
    assert [line.partition(":")[0] for line in out[1:]] == ["loss", "reconstruction", "prior"]
    assert not any(line.startswith("{") for line in out)


def test_train_tells_people_the_scores(capsys, images):
    _, out, _ = run(capsys, "train", "mlp-vae", "--epochs", "1", "--limit", "10")
    assert out[-1].startswith("test_loss: ")


def test_data_prints_the_paths_one_a_line(capsys, monkeypatch):
    calls = []

    def fetch(name, root):
        calls.append((name, root))
        return [Path(name) / "images", Path(name) / "labels"]

    monkeypatch.setattr(data_command, "fetch", fetch)
    status, out, _ = run(capsys, "data", "mnist", "kmnist", "--root", "somewhere")
    assert status == 0
    assert calls == [("mnist", Path("somewhere")), ("kmnist", Path("somewhere"))]
    names = ("mnist", "kmnist")
    assert out == [str(Path(n) / part) for n in names for part in ("images", "labels")]


def test_demo_hands_its_words_on(capsys, monkeypatch):
    calls = []
    monkeypatch.setattr("tinyae.demo.run_demo", lambda *words: calls.append(words))
    assert run(capsys, "demo") == (0, [], [])
    assert run(capsys, "demo", "--out", "there", "--data", "mnist", "--seed", "3")[0] == 0
    assert calls == [(Path("tinyae-demo"), "digits", 0), (Path("there"), "mnist", 3)]


def test_help_names_commands_recipes_and_data_sets(capsys):
    texts = []
    for words in (["--help"], ["train", "--help"], ["data", "--help"]):
        with pytest.raises(SystemExit) as stop:
            cli.main(words)
        assert stop.value.code == 0
        texts.append("".join(capsys.readouterr().out.split()))  # lines may break at hyphens
    assert all(command in texts[0] for command in ("demo", "train", "data"))
    assert all(name in texts[1] for name in recipes.RECIPES)
    assert all(name in texts[2] for name in NAMES)


# what is refused


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["train", "gausian-vae"], "did you mean 'gaussian-vae'"),
        (["train", "nothing-like-it"], "expected one of gaussian-vae, dense-vae, conv-vae"),
        (["train", "dense-vae", "--data", "mnst"], "did you mean 'mnist'"),
        (["train", "gaussian-vae", "--data", "mnist"], "expected data 'gaussian-groups'"),
        (["train", "gaussian-vae", "--limit", "0"], "expected limit of at least 1, got 0"),
        (["train", "gaussian-vae", "--limit", "-5"], "expected limit of at least 1, got -5"),
        (["train", "gaussian-vae", "--epochs", "0"], "expected epochs of at least 1, got 0"),
        (
            ["train", "gaussian-vae", "--seed", "-1"],
            "expected seed to be an integer of at least 0, got -1",
        ),
        (["data", "minst"], "did you mean 'mnist'"),
    ],
)
def test_one_line_and_status_2(capsys, images, words, expected):
    assert expected in refusal(capsys, *words)


def test_missing_data_names_the_command_that_fetches_it(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("TINYAE_DATA", str(tmp_path))
    line = refusal(capsys, "train", "conv-vae")
    assert str(tmp_path / "mnist" / "train-images-idx3-ubyte.gz") in line
    assert "tinyae data mnist" in line
    assert "data_scripts/download.py mnist" in line


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda content: content[:-100], "train-images"),  # truncated
        (lambda content: b"\x1f\x8b" + b"no gzip after all", "train-images"),
        (lambda content: b"<html>404</html>", "train-images"),
    ],
)
def test_a_file_that_is_spoilt(capsys, images, tmp_path, monkeypatch, spoil, words):
    for file in (images / "mnist").iterdir():
        content = file.read_bytes()
        content = spoil(content) if file.name.startswith("train-images") else content
        (tmp_path / "mnist").mkdir(exist_ok=True)
        (tmp_path / "mnist" / file.name).write_bytes(content)
    monkeypatch.setenv("TINYAE_DATA", str(tmp_path))
    assert words in refusal(capsys, "train", "dense-vae", "--epochs", "1")


def test_cupy_that_is_not_there(capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("tinyae.backend._modules", {"numpy": ta.backend.np})
    line = refusal(capsys, "train", "gaussian-vae", "--epochs", "1", "--backend", "cupy")
    assert "CuPy is not installed; pip install 'tinyae[gpu]'" in line


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "COMMAND"),
        (["tain"], "invalid choice: 'tain'"),
        (["train"], "recipe"),
        (["train", "gaussian-vae", "--epochs", "many"], "--epochs: invalid int value: 'many'"),
        (["train", "gaussian-vae", "--split", "all"], "--split: invalid choice: 'all'"),
        (["train", "gaussian-vae", "--backend", "torch"], "--backend: invalid choice: 'torch'"),
        (["train", "gaussian-vae", "--colour", "red"], "unrecognized arguments: --colour red"),
    ],
)
def test_words_that_cannot_be_read(capsys, words, expected):
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    out, err = capsys.readouterr()
    assert (stop.value.code, out) == (2, "")
    assert err.startswith("usage: tinyae")
    assert expected in err.splitlines()[-1]


def test_an_interrupt_is_no_traceback(capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(recipes.Recipe, "run", interrupted)
    status, out, err = run(capsys, "train", "gaussian-vae")
    assert (status, out, err) == (130, [], ["tinyae: interrupted"])


# as a program


def test_python_m_tinyae_trains():
    done = python("train", "gaussian-vae", "--epochs", "5", "--json")
    assert done.returncode == 0
    result = json.loads(done.stdout.splitlines()[-1])
    assert list(result) == KEYS
    assert "epoch 5/5" in done.stderr
    assert "Traceback" not in done.stderr


def test_python_m_tinyae_refuses(tmp_path):
    done = python("train", "dense-vae", TINYAE_DATA=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "tinyae data mnist" in line


def test_python_m_tinyae_help():
    done = python("--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: tinyae")
    assert done.stderr == ""
