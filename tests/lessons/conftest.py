"""The course as files: its lessons, and its helpers as modules."""

import importlib.util
import sys
from pathlib import Path

import pytest

COURSE = Path(__file__).resolve().parents[2] / "lessons"
LESSONS = sorted(COURSE.glob("[0-9][0-9]_*.py"))


def load(name):
    """A module of the folder ``lessons``, as it is now and not from a cache."""
    spec = importlib.util.spec_from_file_location(f"lessons_{name}", COURSE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def course(monkeypatch):
    """``lessons/course.py`` in fast mode, whatever mode these tests were started in."""
    monkeypatch.delenv("TINYAE_LESSONS", raising=False)
    return load("course")
