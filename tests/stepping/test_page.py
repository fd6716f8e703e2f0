"""The page in a real browser: controls, keys, addresses, the number that is followed."""

import re

import pytest

import tinyae as ta
from tests.stepping.stepping_cases import samples


def caption(tab):
    return tab.page.locator("#caption").inner_text()


def shown(tab):
    """The number of the step that is shown."""
    return int(re.match(r"Step (\d+) of", caption(tab)).group(1))


def lit(tab):
    return tab.page.locator("#network .current").get_attribute("data-path")


def test_keys(visit, page_of_a_vae):
    path, tape = page_of_a_vae
    with visit(path) as tab:
        found = [shown(tab)]
        for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home"):
            tab.page.keyboard.press(key)
            found.append(shown(tab))
        last = len(tape.steps)
        assert found == [1, 2, 3, 2, last, last, 1]


def test_lines(visit, page_of_a_vae):
    path, tape = page_of_a_vae
    line = tape.steps[0].lines[1]
    with visit(path) as tab:
        tab.page.keyboard.press("Shift+ArrowRight")
        tab.page.locator("#line-forward").click()
        assert caption(tab).endswith(f"line {line.number}")
        assert tab.page.locator("#source .now code").inner_text().strip().startswith("y = matmul(x")
        assert tab.page.locator("#made h3").all_inner_texts() == ["y"]
        tab.page.keyboard.press("Shift+ArrowLeft")
        tab.page.keyboard.press("Shift+ArrowLeft")
        assert (shown(tab), "line" in caption(tab)) == (1, False)


def test_buttons_and_play(visit, page_of_a_vae):
    path, _ = page_of_a_vae
    with visit(path) as tab:
        tab.page.clock.install()
        tab.page.get_by_role("button", name="Forward").click()
        assert shown(tab) == 2
        tab.page.get_by_role("button", name="Back", exact=False).first.click()
        assert shown(tab) == 1
        assert tab.page.locator("#back").is_disabled()
        tab.page.get_by_role("button", name="Play").click()
        tab.page.clock.run_for(8000)
        assert shown(tab) == 2
        tab.page.get_by_role("button", name="Pause").click()
        tab.page.clock.run_for(20000)
        assert shown(tab) == 2


def test_the_scrubber(visit, page_of_a_vae):
    path, tape = page_of_a_vae
    with visit(path) as tab:
        scrubber = tab.page.locator("#scrubber")
        box = scrubber.bounding_box()
        tab.page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
        tab.page.mouse.down()
        tab.page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2, steps=5)
        tab.page.mouse.up()
        assert shown(tab) == len(tape.steps)
        assert scrubber.get_attribute("aria-valuetext").startswith(
            f"step {len(tape.steps)}, update"
        )


def test_addresses(visit, page_of_a_vae):
    path, _ = page_of_a_vae
    with visit(path, hash="#step=12") as tab:
        assert shown(tab) == 12
        tab.page.keyboard.press("ArrowRight")
        assert tab.page.url.endswith("#step=13")
        tab.page.go_back()
        assert shown(tab) == 12
        tab.page.goto(tab.page.url.partition("#")[0] + "#step=3.2")
        assert (shown(tab), "line" in caption(tab)) == (3, True)


@pytest.mark.parametrize("address", ["#step=0", "#step=999", "#nonsense", "#step=2.999"])
def test_addresses_that_lead_nowhere(visit, page_of_a_vae, address):
    path, tape = page_of_a_vae
    with visit(path, hash=address) as tab:
        assert 1 <= shown(tab) <= len(tape.steps)


def test_the_diagram(visit, page_of_a_vae):
    path, tape = page_of_a_vae
    with visit(path) as tab:
        boxes = tab.page.locator("#network .box")
        paths = [box.get_attribute("data-path") for box in boxes.all()]
        assert {"mean", "log_var", "z", "prior", "decoder.4"} <= set(paths)
        heads = [
            tab.page.locator(f"[data-path={name}]").bounding_box() for name in ("mean", "log_var")
        ]
        assert heads[0]["y"] == heads[1]["y"]
        assert heads[0]["x"] + heads[0]["width"] < heads[1]["x"]
        tab.page.locator("[data-path='decoder.0']").click()
        assert lit(tab) == "decoder.0"
        assert tape.steps[shown(tab) - 1].phase == "forward"
        tab.page.keyboard.press("End")
        assert lit(tab) == "decoder.4"
        tab.page.locator("[data-path='trunk.0']").click()
        assert tape.steps[shown(tab) - 1].phase == "update"


def test_words_fit_their_boxes(visit, tmp_path):
    model = ta.Sequential(
        ta.ConvTranspose2d(2, 1, 4, stride=2, padding=1), ta.ConvTranspose2d(1, 64, 1)
    )
    with ta.trace(model) as tape:
        model(samples(2, 2, 3, 3))
    path = tmp_path / "page.html"
    tape.to_html(path)
    with visit(path) as tab:
        boxes = tab.page.locator("#network .box").all()
        assert len(boxes) == 2
        for box in boxes:
            box.click()
            words, frame = (box.locator(name).bounding_box() for name in ("text", "rect"))
            assert frame["x"] < words["x"]
            assert words["x"] + words["width"] < frame["x"] + frame["width"]


def test_one_number_from_the_input_to_its_weights_update(visit, page_of_a_vae):
    path, tape = page_of_a_vae
    with visit(path) as tab:
        card = tab.page.get_by_role("region", name="x", exact=True)
        card.locator("td").nth(3).click()
        assert card.locator("td.followed").count() == 1
        weight = tab.page.get_by_role("region", name="weight", exact=True)
        column = weight.locator("td.kin")
        assert column.count() == 4  # what multiplies x[0, 3]
        column.nth(2).click()
        rows = tab.page.locator("#followed-list li").all_inner_texts()
        kinds = [row.split("\n")[0].split(" · ")[1] for row in rows]
        assert kinds == ["forward", "backward", "backward", *["update"] * 5]
        update = next(s for s in tape.steps if s.path == "trunk.0.weight")
        tab.page.locator("#followed-list a").last.click()
        assert shown(tab) == update.number
        marked = tab.page.get_by_role("region", name="after", exact=True).locator("td.followed")
        assert float(marked.inner_text().replace("−", "-")) == pytest.approx(
            update.outputs["after"].values[2, 3], abs=6e-4
        )


def test_a_sum_is_written_out(visit, page_of_a_vae):
    path, tape = page_of_a_vae
    with visit(path) as tab:
        tab.page.get_by_role("region", name="y", exact=True).locator("td").first.click()
        words = tab.page.locator("#followed-now code").inner_text().replace("−", "-")
        total, value = words.split(" = ")
        terms = [term.split("·") for term in total.split(" + ")]
        found = sum(
            float(term[0].strip("()")) * (float(term[1].strip("()")) if len(term) > 1 else 1)
            for term in terms
        )
        assert len(terms) == 7  # six products and the bias
        expected = tape.steps[0].outputs["y"].values[0, 0]
        assert (found, float(value)) == (pytest.approx(expected, abs=0.01), pytest.approx(expected))


def test_arrays_by_keyboard(visit, page_of_a_vae):
    path, _ = page_of_a_vae
    with visit(path) as tab:
        card = tab.page.get_by_role("region", name="y", exact=True)
        card.locator("td").first.focus()
        for key in ("ArrowDown", "ArrowRight", "Enter"):
            tab.page.keyboard.press(key)
        assert shown(tab) == 1
        assert "trunk.0.y[1, 1]" in tab.page.locator("#followed-now").inner_text()


def test_pictures_tell_their_numbers(visit, tmp_path):
    model = ta.Sequential(ta.Conv2d(1, 2, 3))
    with ta.trace(model) as tape:
        model(samples(3, 1, 28, 28))
    tape.to_html(tmp_path / "page.html")
    with visit(tmp_path / "page.html") as tab:
        canvas = tab.page.get_by_role("region", name="x", exact=True).locator("canvas")
        canvas.hover(position={"x": 2, "y": 2})
        value = tape.steps[0].inputs["x"].values[0, 0, 0, 0]
        assert tab.page.locator("#tooltip").inner_text() == f"x[0, 0, 0, 0] = {value:.5g}"
        canvas.focus()
        for key in ("ArrowRight", "ArrowDown", "ArrowDown", "Enter"):
            tab.page.keyboard.press(key)
        assert "input[0, 0, 2, 0]" in tab.page.locator("#followed-now").inner_text()
        for key in ("ArrowRight", "Enter"):  # on from there
            tab.page.keyboard.press(key)
        assert "input[0, 0, 2, 1]" in tab.page.locator("#followed-now").inner_text()
        assert shown(tab) == 1


def test_a_window_is_marked(visit, tmp_path):
    """Following y[0, 0, 4, 5] of a 3 × 3 convolution marks nine pixels of x."""
    model = ta.Sequential(ta.Conv2d(1, 2, 3, stride=2, padding=1))
    with ta.trace(model) as tape:
        model(samples(3, 1, 12, 12))
    tape.to_html(tmp_path / "page.html")
    with visit(tmp_path / "page.html") as tab:
        found = tab.page.evaluate(
            """() => {
                followed = { place: "0.y", index: [0, 0, 4, 5], name: "y" };
                const mark = marksOf(tape.steps[0], tape.steps[0].arrays[0]);
                const array = tape.arrays[tape.steps[0].arrays[0].array];
                return [...numbersOf(array).keys()].map((at) => indexAt(array, at)).filter(mark);
            }"""
        )
    assert found == [[0, 0, h, w] for h in (7, 8, 9) for w in (9, 10, 11)]
