"""The front page of the course says what is there."""

import re
from pathlib import Path

import pytest

from tests.lessons.conftest import COURSE, LESSONS, load
from tinyae.lessons import lessons

LIMIT = 40_000
"""Bytes of a thumbnail."""


@pytest.fixture(scope="module")
def front_page():
    pytest.importorskip("PIL")
    return load("front_page")


@pytest.fixture(scope="module")
def text():
    return (COURSE / "README.md").read_text(encoding="utf-8")


def test_the_table_is_as_the_command_would_write_it(front_page, text):
    assert front_page.with_table(text) == text, "renew it: python lessons/front_page.py"


def test_the_fast_mode_of_all_lessons_takes_less_than_five_minutes():
    times = [lesson.seconds["fast"] for lesson in lessons(COURSE)]
    assert len(times) == len(LESSONS)
    assert sum(times) < 300


def test_every_lesson_is_in_the_table_once(text):
    rows = re.findall(r"\*\*\[(\d+)\. .+?\]\((.+?)\)\*\*", text)
    assert [name for _, name in rows] == [path.name for path in LESSONS]
    assert [int(number) for number, _ in rows] == [int(path.name[:2]) for path in LESSONS]


def test_links_and_pictures_are_there(text):
    targets = re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", text)
    assert targets
    missing = [a or b for a, b in targets if not (COURSE / (a or b)).exists()]
    assert missing == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_thumbnails_are_small(lesson, front_page):
    from PIL import Image

    path = COURSE / "thumbnails" / f"{lesson.stem}.png"
    assert path.stat().st_size <= LIMIT
    with Image.open(path) as picture:
        width, height = picture.size
    assert 100 <= width <= front_page.WIDTH
    assert 60 <= height <= front_page.HEIGHT


def test_needs_are_lessons_before(front_page):
    for number, page in front_page.PAGES.items():
        assert all(int(needed) < int(number) for needed in re.findall(r"\d+", page.needs))


def test_a_run_renews_times_thumbnail_and_table(front_page, tmp_path, monkeypatch):
    """A lesson of three lines, in a course of its own."""
    (tmp_path / "06_small.py").write_text(
        "# # 6. Small\nimport os\nfrom matplotlib.figure import Figure\n"
        "Figure(figsize=(9, 3)).savefig(os.environ['TINYAE_FIGURES'] + "
        "'/06_small-fast-latent-means.png')\n"
    )
    (tmp_path / "README.md").write_text("before\n<!-- table -->\nold\n<!-- end of table -->\nafter")
    monkeypatch.setattr(front_page, "FOLDER", Path(tmp_path))
    monkeypatch.setattr(front_page, "MODE", "fast")
    front_page.main(["06"])
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert page.startswith("before\n<!-- table -->\n| |")
    assert page.endswith("\n<!-- end of table -->\nafter")
    assert "old" not in page
    assert re.search(r"\[6\. Small\]\(06_small\.py\).*\| 1–3 \| \d+ s \| \? \|", page)
    assert (tmp_path / "thumbnails/06_small.png").stat().st_size <= LIMIT


def test_a_lesson_that_fails_is_not_measured(front_page, tmp_path, monkeypatch):
    (tmp_path / "06_small.py").write_text("# # 6. Small\nprint('so far so good')\n1 / 0\n")
    monkeypatch.setattr(front_page, "FOLDER", Path(tmp_path))
    with pytest.raises(SystemExit, match=r"so far so good\n\n06_small\.py failed"):
        front_page.main([])
    assert not (tmp_path / "times.json").exists()
