"""Run lessons, and renew what the front page of the course shows of them.

``python lessons/front_page.py`` runs every lesson, ``python lessons/front_page.py 06 07`` those
two, in the mode that ``TINYAE_LESSONS`` says. Then ``times.json`` holds the seconds that each
took; after a run in fast mode ``thumbnails/`` holds a small copy of one figure of each; and the
table in ``README.md`` shows both.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from tinyae.atomic import whole_file
from tinyae.lessons import TIMES, Lesson, duration, lessons

FOLDER = Path(__file__).resolve().parent
MODE = os.environ.get("TINYAE_LESSONS", "fast")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "TINYAE_NUM_THREADS": "1"}
"""So that times can be compared, whatever else the machine does."""
WIDTH, HEIGHT = 300, 220
"""Dots of a thumbnail, at the most."""
TABLE = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end of table -->)", re.DOTALL)


class Page(NamedTuple):
    """What the front page says of a lesson, and which of its figures it shows."""

    about: str
    needs: str
    figure: str


PAGES = {
    "01": Page("layer, loss, step; a derivation and its check", "–", "one-step"),
    "02": Page(
        "central differences, error bands, kinks, tests that prove nothing", "1", "step-sizes"
    ),
    "03": Page("linear autoencoders and principal components", "1", "recovered-components"),
    "04": Page("a code of two numbers; a model's file and its picture", "1, 3", "coded-space"),
    "05": Page(
        "one layer at a time: what a document claims, what works", "1, 4", "features-09-layer-2"
    ),
    "06": Page("the VAE from its first line to its last, on data we know", "1–3", "latent-means"),
    "07": Page("a map of the digits", "6", "atlas"),
    "08": Page("four loops, three kernels, and the transposed convolution", "1, 2", "filters"),
    "09": Page("mini-batches, and a network that knows its neighbours", "6–8", "latent-means"),
    "10": Page("VAE against EM: why information must cost something", "6, 9", "samples"),
    "11": Page("batch norm, and codes of 2 and of 128 numbers", "6, 8, 9", "latent-grid"),
    "12": Page(
        "real mistakes, the checks that catch them and those that do not", "2, 6", "accuracies"
    ),
    "13": Page("what an array module swap needs, proved without a GPU", "1, 6", "time-a-step"),
}


def main(chosen: list[str]) -> None:
    """Run the lessons whose numbers are given, or all, and renew the front page."""
    for lesson in lessons(FOLDER):
        number = lesson.path.stem[:2]
        if chosen and number not in chosen:
            continue
        with tempfile.TemporaryDirectory() as figures:
            seconds = run(lesson, Path(figures))
            print(f"{lesson.path.name}: {seconds:.1f} s")
            record(lesson, seconds)
            if MODE == "fast":
                make_thumbnail(lesson, Path(figures))
    readme = FOLDER / "README.md"
    with whole_file(readme) as file:
        file.write(with_table(readme.read_text(encoding="utf-8")).encode())


def run(lesson: Lesson, figures: Path) -> float:
    """The seconds that a lesson takes as a script; its output is shown when it fails."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, lesson.path],
        env={**os.environ, **ONE_THREAD, "TINYAE_FIGURES": str(figures), "TINYAE_LESSONS": MODE},
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\n{lesson.path.name} failed")
    return time.perf_counter() - start


def record(lesson: Lesson, seconds: float) -> None:
    """Note down what a lesson took, beside what the others did."""
    path = FOLDER / TIMES
    times = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    times.setdefault(lesson.path.stem, {})[MODE] = round(seconds, 1)
    with whole_file(path) as file:
        file.write((json.dumps(times, indent=1, sort_keys=True) + "\n").encode())


def make_thumbnail(lesson: Lesson, figures: Path) -> None:
    """A small copy of the lesson's figure for the front page."""
    name = PAGES[lesson.path.stem[:2]].figure
    picture = Image.open(figures / f"{lesson.path.stem}-{MODE}-{name}.png").convert("RGB")
    picture.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    picture.quantize(64).save(stream, format="png", optimize=True)
    with whole_file(thumbnail(lesson)) as file:
        file.write(stream.getvalue())


def thumbnail(lesson: Lesson) -> Path:
    """Where the small picture of a lesson lies."""
    return FOLDER / "thumbnails" / f"{lesson.path.stem}.png"


def exercises(lesson: Lesson) -> str:
    """How many exercises the lesson has, if any: ``; 3 exercises``."""
    count = len(list((FOLDER / "exercises").glob(f"{lesson.path.stem[:2]}_*.py")))
    return f"; {count} exercises" if count else ""


def with_table(text: str) -> str:
    """The front page with a table of the lessons as they are now."""
    rows = ["| | lesson | needs | fast | full |", "|---|---|---|---:|---:|"]
    for lesson in lessons(FOLDER):
        page, name = PAGES[lesson.path.stem[:2]], lesson.path.name
        source = f"thumbnails/{thumbnail(lesson).name}"
        picture = (
            f'<img src="{source}" width="160" alt="a figure of lesson {lesson.path.stem[:2]}">'
        )
        fast, full = (duration(lesson.seconds.get(mode)) for mode in ("fast", "full"))
        title = f"**[{lesson.title}]({name})**<br>{page.about}{exercises(lesson)}"
        rows.append(f"| {picture} | {title} | {page.needs} | {fast} | {full} |")
    return TABLE.sub(lambda _: "\n".join(rows) + "\n", text)


if __name__ == "__main__":
    main(sys.argv[1:])
