"""Every lesson, in fast mode: as a script, as a notebook on paper, as a notebook that runs.

Started with ``pytest -m lessons``, on two cores best with ``-n 2``; takes some minutes.
"""

import ast
import os
import subprocess
import sys
from itertools import groupby

import pytest

from tests.lessons.conftest import COURSE, LESSONS

LIMIT = 180
"""Seconds for one lesson, on a machine that may have other work."""
LONGEST = 60
"""Lines of a code cell."""
MOST_CODE_CELLS = 4
"""In a row, without a word of text between them."""

pytestmark = pytest.mark.lessons
every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


def environment(**variables):
    """This one, in fast mode and on one thread, with the package found where it lies."""
    path = os.pathsep.join(filter(None, [str(COURSE.parent), os.environ.get("PYTHONPATH")]))
    settings = {"TINYAE_LESSONS": "fast", "OPENBLAS_NUM_THREADS": "1", "TINYAE_NUM_THREADS": "1"}
    return {**os.environ, **settings, "PYTHONPATH": path, **variables}


@every_lesson
def test_as_a_script(lesson, tmp_path):
    """From another folder: its claims hold, its figures are written."""
    done = subprocess.run(
        [sys.executable, lesson],
        cwd=tmp_path,
        env=environment(TINYAE_FIGURES="figures"),
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    lines = done.stdout.splitlines()
    announced = [line.removeprefix("[figure] ") for line in lines if line.startswith("[figure] ")]
    figures = [tmp_path / name for name in announced]
    assert sum(line.startswith("[claim] ") for line in lines) >= 1
    assert len(figures) >= 1
    assert len(set(figures)) == len(figures), "two figures of one name"
    assert all(path.stat().st_size > 1000 for path in figures)
    assert [path.name for path in tmp_path.iterdir()] == ["figures"], "files left behind"


def notebook(lesson):
    """The lesson converted."""
    jupytext = pytest.importorskip("jupytext", reason="needs Jupytext: pip install -e '.[lessons]'")
    return jupytext.read(lesson)


@every_lesson
def test_as_a_notebook(lesson):
    nbformat = pytest.importorskip("nbformat", reason="needs nbformat: pip install -e '.[lessons]'")
    converted = notebook(lesson)
    nbformat.validate(converted)
    cells = converted.cells
    assert all(cell.source.strip() for cell in cells), "an empty cell"
    number = int(lesson.name[:2])
    assert cells[0].cell_type == cells[-1].cell_type == "markdown"
    assert cells[0].source.startswith(f"# {number}. ")
    runs = [(kind, len(list(run))) for kind, run in groupby(cells, lambda cell: cell.cell_type)]
    assert max(length for kind, length in runs if kind == "code") <= MOST_CODE_CELLS
    for cell in cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)
            assert len(cell.source.splitlines()) <= LONGEST
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert "you will know" in text
    _, summary, end = text.partition("\n## Summary\n")
    assert summary
    assert end.count("?") >= 2, "questions to think about, at the end"


@every_lesson
def test_as_a_notebook_that_runs(lesson, monkeypatch):
    """As Jupyter would run it: from the course's folder, figures shown in their places."""
    command = "needs Jupyter's machinery: pip install -e '.[lessons]'"
    pytest.importorskip("ipykernel", reason=command)
    preprocessors = pytest.importorskip("nbconvert.preprocessors", reason=command)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    converted = notebook(lesson)
    executor = preprocessors.ExecutePreprocessor(timeout=LIMIT, kernel_name="python3")
    executor.preprocess(converted, {"metadata": {"path": str(COURSE)}})
    outputs = [out for cell in converted.cells for out in cell.get("outputs", [])]
    assert any("image/png" in out.get("data", {}) for out in outputs)
    assert any("[claim] " in out.get("text", "") for out in outputs)
