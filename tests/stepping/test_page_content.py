"""The page in a real browser: what it shows and how, and that nothing is run that came in."""

import json
import re

import pytest

import tinyae as ta
from tests.stepping.stepping_cases import Square, linear_tape, samples, vae_tape
from tinyae.stepping.page import tape_page

EVIL = '<img src=x onerror="window.hacked=1"></script><script>window.hacked=1</script>'


def test_formulas_are_typeset(visit, page_of_a_vae):
    path, _ = page_of_a_vae
    with visit(path) as tab:
        visible = tab.page.locator(".formula:visible")
        assert visible.count() == 2
        assert visible.first.locator("math").bounding_box()["height"] > 10


def test_nothing_that_came_in_is_run(visit, tmp_path):
    class Evil(Square):
        __doc__ = EVIL

        def __init__(self):
            super().__init__()
            setattr(self, EVIL, ta.Parameter(samples(2)))

        @property
        def label(self):
            return EVIL

    model = ta.Sequential(Evil(), ta.Linear(4, 2))
    with ta.trace(model, lines=True) as tape:
        model(samples(2, 4))
    tape.title = EVIL
    tape.to_html(tmp_path / "page.html")
    with visit(tmp_path / "page.html") as tab:
        assert tab.page.evaluate("window.hacked") is None
        assert EVIL in tab.page.locator("#caption").inner_text()
        assert tab.page.locator("img").count() == 0
        assert EVIL in tab.page.locator("h3").all_inner_texts()[1]
        assert tab.page.title() == EVIL


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_it_fits(visit, page_of_a_vae, width, height, dark):
    """Nothing sticks out to the side, and the controls can be reached, on laptop and phone."""
    path, tape = page_of_a_vae
    with visit(path, width, height, dark) as tab:
        for number in (1, len(tape.steps) // 2, len(tape.steps)):
            tab.page.goto(tab.page.url.partition("#")[0] + f"#step={number}")
            assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
        box = tab.page.locator("#forward").bounding_box()
        assert 0 <= box["x"] < box["x"] + box["width"] <= width
        assert 0 <= box["y"] < box["y"] + box["height"] <= height
        assert box["height"] >= 32


@pytest.mark.parametrize("dark", [False, True])
def test_words_stand_out_from_the_paper(visit, page_of_a_vae, dark):
    """WCAG AA: a contrast of 4.5 for every text on the paper and on the sheets."""
    path, _ = page_of_a_vae
    with visit(path, dark=dark) as tab:
        colours = tab.page.evaluate(
            """() => {
                const style = getComputedStyle(document.documentElement);
                const names = ["paper", "sheet", "ink", "quiet", "forward", "loss", "backward",
                    "update", "mark", "plus", "minus"];
                return Object.fromEntries(names.map(
                    (name) => [name, style.getPropertyValue("--" + name).trim()]));
            }"""
        )

    def light(name):
        parts = [int(colours[name][at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for ground in ("paper", "sheet"):
        for name in colours.keys() - {"paper", "sheet"}:
            low, high = sorted([light(name), light(ground)])
            assert (high + 0.05) / (low + 0.05) >= 4.5, (name, ground)


def test_in_a_notebook_it_is_a_frame(visit, tmp_path):
    _, tape = linear_tape(lines=True)
    (tmp_path / "notebook.html").write_text(
        f"<!doctype html><meta charset=utf-8><body>{tape._repr_html_()}", encoding="utf-8"
    )
    with visit(tmp_path / "notebook.html") as tab:
        frame = tab.page.frame_locator("iframe")
        frame.locator("#forward").click()
        assert frame.locator("#caption").inner_text().startswith("Step 2 of")
        frame.locator("[data-path='2']").click()
        assert frame.locator("#caption").inner_text().startswith("Step 3 of")


def test_numbers_that_are_none(visit, tmp_path):
    class Spoilt(Square):
        def forward(self, x):
            return x / (x - x)

    model = ta.Sequential(Spoilt())
    with ta.trace(model) as tape, pytest.warns(RuntimeWarning):
        model(samples(2, 3))
    tape.to_html(tmp_path / "page.html")
    with visit(tmp_path / "page.html") as tab:
        assert (
            "6 NaN or infinite" in tab.page.get_by_role("region", name="y", exact=True).inner_text()
        )


def test_the_data_is_json_without_markup():
    _, tape = vae_tape(lines=True)
    page = tape_page(tape)
    (text,) = re.findall(r'<script type="application/json" id="tape">(.*?)</script>', page, re.S)
    assert "<" not in text
    assert len(json.loads(text)["steps"]) == len(tape.steps)
