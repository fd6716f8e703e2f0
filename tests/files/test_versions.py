"""Formats change: an older file is read, a newer one is refused by name."""

import pytest

import tinyae as ta
from tinyae.files import models


def test_a_file_of_an_older_version_loads(tmp_path, monkeypatch):
    ta.save(ta.Linear(2, 3), tmp_path / "model.npz")
    monkeypatch.setattr(models, "VERSION", models.VERSION + 1)
    assert repr(ta.load(tmp_path / "model.npz")) == "Linear(2, 3)"


def test_a_file_of_a_newer_version_is_refused(tmp_path, monkeypatch):
    newer = models.VERSION + 1
    with monkeypatch.context() as later:
        later.setattr(models, "VERSION", newer)
        ta.save(ta.Linear(2, 3), tmp_path / "model.npz")
    with pytest.raises(ta.TinyaeError, match=f"newer tinyae: format version {newer}.*upgrade"):
        ta.load(tmp_path / "model.npz")
