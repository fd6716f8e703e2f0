"""``tinyae lessons``: the course as a table."""

import json

import pytest

import tinyae.lessons
from tests.lessons.conftest import COURSE, LESSONS
from tinyae import cli
from tinyae.errors import TinyaeError
from tinyae.lessons import course_folder, duration, lessons, listing

LESSON = "# %% [markdown]\n# # {}\n#\n# Text.\n\n# %%\n# # no heading of the lesson\n"


@pytest.fixture
def folder(tmp_path):
    """Two lessons, one of them measured, and files that are none."""
    (tmp_path / "02_second.py").write_text(LESSON.format("2. The second"), encoding="utf-8")
    (tmp_path / "10_tenth.py").write_text(LESSON.format("10. The tenth, µ"), encoding="utf-8")
    (tmp_path / "course.py").write_text("")
    (tmp_path / "03_notes.md").write_text("")
    times = {"10_tenth": {"fast": 3.6, "full": 600.0}, "99_gone": {"fast": 1.0}}
    (tmp_path / "times.json").write_text(json.dumps(times))
    return tmp_path


def test_lessons_in_reading_order_with_titles_and_times(folder):
    second, tenth = lessons(folder)
    assert (second.path, second.title) == (folder / "02_second.py", "2. The second")
    assert second.seconds == {}
    assert (tenth.title, tenth.seconds) == ("10. The tenth, µ", {"fast": 3.6, "full": 600.0})


def test_no_times_yet(folder):
    (folder / "times.json").unlink()
    assert [lesson.seconds for lesson in lessons(folder)] == [{}, {}]


def test_the_listing(folder):
    head, second, tenth, _, run, more = listing(folder).splitlines()
    assert head.split() == ["lesson", "file", "fast", "full"]
    assert second.split("  ")[0] == " 2. The second"
    assert second.split()[-2:] == ["?", "?"]
    assert tenth.endswith("4 s  10 min")
    assert len({len(head), len(second), len(tenth)}) == 1
    assert str(folder / "02_second.py") in run
    assert str(folder / "README.md") in more


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "?"), (0.2, "1 s"), (7.5, "8 s"), (89, "89 s"), (90, "2 min"), (1799, "30 min")],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_a_lesson_without_a_heading(folder):
    (folder / "04_bare.py").write_text("print(1)\n")
    with pytest.raises(TinyaeError, match=r"04_bare\.py: expected a first cell with a heading"):
        lessons(folder)


def test_the_command_lists_every_lesson(capsys):
    assert cli.main(["lessons"]) == 0
    out = capsys.readouterr().out
    assert course_folder() == COURSE
    assert all(path.name in out for path in LESSONS)


def test_without_the_repository_it_says_so(capsys, tmp_path, monkeypatch):
    """As in an environment into which the package alone was installed."""
    monkeypatch.setattr(tinyae.lessons, "__file__", str(tmp_path / "tinyae" / "lessons.py"))
    assert cli.main(["lessons"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"tinyae: lessons: expected the course in {tmp_path / 'lessons'}")
    assert "clone the repository" in err
