"""What all lessons share: the mode, figures, sources, claims."""

import inspect
import math

import pytest
from matplotlib.figure import Figure

import tinyae as ta
from tests.lessons.conftest import load

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def test_the_fast_mode_is_the_default(course):
    assert not course.FULL
    assert course.DATA == "digits"
    assert course.choose(1, 2) == 1


@pytest.mark.parametrize(("word", "data"), [("full", "mnist"), ("fast", "digits")])
def test_a_word_in_the_environment_chooses_the_mode(monkeypatch, word, data):
    monkeypatch.setenv("TINYAE_LESSONS", word)
    course = load("course")
    assert course.choose("fast", "full") == word
    assert data == course.DATA


def test_show_writes_a_png_named_after_lesson_mode_and_figure(
    course, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("TINYAE_FIGURES", str(tmp_path / "new"))
    monkeypatch.setattr("sys.argv", ["somewhere/03_a_lesson.py"])
    course.show(Figure(), "loss")
    (path,) = (tmp_path / "new").iterdir()
    assert path.name == "03_a_lesson-fast-loss.png"
    assert path.read_bytes().startswith(SIGNATURE)
    assert capsys.readouterr().out == f"[figure] {path}\n"


def test_a_figure_that_cannot_be_drawn_leaves_no_file(course, tmp_path, monkeypatch):
    class Broken:
        def savefig(self, file, **_):
            file.write(b"half")
            raise RuntimeError("no ink")

    monkeypatch.setenv("TINYAE_FIGURES", str(tmp_path))
    with pytest.raises(RuntimeError, match="no ink"):
        course.show(Broken(), "loss")
    assert list(tmp_path.iterdir()) == []


def test_without_a_word_figures_go_to_runs_where_one_stands(course, tmp_path, monkeypatch):
    monkeypatch.delenv("TINYAE_FIGURES", raising=False)
    monkeypatch.chdir(tmp_path)
    course.show(Figure(), "loss")
    assert len(list((tmp_path / "runs/lessons").glob("*-fast-loss.png"))) == 1


def test_show_source_prints_what_the_package_runs(course, capsys):
    """Methods of layers are wrapped in checks; what a reader wants is what is inside."""
    course.show_source(ta.Linear.backward, ta.gaussian_kl)
    first, second = capsys.readouterr().out.split("\n\n@checked\n")
    assert "matmul(dy.T, self.x)" in first
    assert f"@checked\n{second}".rstrip() == inspect.getsource(ta.gaussian_kl).rstrip()


def test_a_claim_that_holds_is_printed_with_its_range(course, capsys):
    course.claim("accuracy", 0.975, 0.9, 1)
    assert capsys.readouterr().out == "[claim] accuracy: 0.975 (expected 0.9 … 1)\n"


@pytest.mark.parametrize("value", [0.9, 1.0])
def test_the_ends_of_the_range_belong_to_it(course, value):
    course.claim("accuracy", value, 0.9, 1.0)


@pytest.mark.parametrize("value", [0.89, 1.01, math.nan, math.inf])
def test_a_claim_that_fails_stops_the_lesson(course, value):
    with pytest.raises(AssertionError, match=r"accuracy: expected 0\.9 … 1, got"):
        course.claim("accuracy", value, 0.9, 1)


def test_a_claim_may_have_one_end_only(course):
    course.claim("speed", 1e9, 10)
    course.claim("error", -1e9, high=10)
    with pytest.raises(AssertionError):
        course.claim("speed", 9, 10)
    with pytest.raises(AssertionError):
        course.claim("error", 11, high=10)


def test_show_page_writes_a_file_named_after_lesson_mode_and_page(
    course, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("TINYAE_FIGURES", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["somewhere/03_a_lesson.py"])
    course.show_page(lambda path: path.write_text("<p>here"), "explorer")
    path = tmp_path / "03_a_lesson-fast-explorer.html"
    assert path.read_text() == "<p>here"
    assert capsys.readouterr().out == f"[page] {path}\n"
