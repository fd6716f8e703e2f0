"""The demo: its scores are printed, its five figures are written, whole or not at all."""

import errno
import os

import numpy as np
import pytest

from tinyae import cli, demo


@pytest.fixture
def few_images(monkeypatch):
    """Small data and one epoch."""
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 10
    images = rng.integers(0, 60, size=(200, 28, 28), dtype=np.uint8)
    images[np.arange(200), labels * 2 + 4] = 255  # a bar at the height of the label
    monkeypatch.setattr(demo, "load", lambda name, split="train": (images, labels))
    monkeypatch.setattr(demo, "EPOCHS", 2)


def test_scores_and_figures(few_images, tmp_path, capsys):
    demo.run_demo(tmp_path / "figures")
    out, _ = capsys.readouterr()
    assert "200 images to learn from" in out
    for words in ("linear classifier on the pixels", "frozen codes", "after fine-tuning"):
        assert words in out
    assert "\n      2  " in out  # the VAE's second epoch
    assert out.rstrip().endswith(str(tmp_path / "figures"))
    files = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert [name[0] for name in files] == list("12345")
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in (tmp_path / "figures").iterdir())


def test_a_disk_that_is_full_leaves_the_old_figures(few_images, tmp_path, monkeypatch, capsys):
    (tmp_path / "2-reconstructions.png").write_text("old")
    real, renamed = os.replace, []

    def fail_at_the_second(source, target):
        renamed.append(target)
        if len(renamed) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, target)

    monkeypatch.setattr(os, "replace", fail_at_the_second)
    assert cli.main(["demo", "--out", str(tmp_path)]) == 2
    assert "2-reconstructions.png: cannot be written" in capsys.readouterr().err
    assert (tmp_path / "2-reconstructions.png").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["1-loss.png", "2-reconstructions.png"]


def test_the_same_seed_prints_the_same(few_images, tmp_path, capsys):
    printed = []
    for _ in range(2):
        demo.run_demo(tmp_path, seed_number=3)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]


def test_a_file_in_the_place_of_the_folder(few_images, tmp_path, capsys):
    (tmp_path / "taken").write_text("mine")
    assert cli.main(["demo", "--out", str(tmp_path / "taken")]) == 2
    assert "taken" in capsys.readouterr().err
    assert (tmp_path / "taken").read_text() == "mine"
