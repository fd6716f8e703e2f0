"""The explorer in Chromium: pointer, keys, sliders, buttons. ``visit`` fails on any console
error and on any request."""

import numpy as np
import pytest

import tinyae as ta
from tests.views.explorer import models
from tests.views.explorer.reader import Reader, grey, red
from tinyae.recipes import networks

XSS = "<img src=x onerror='document.title=\"run\"'></script><script>document.title='run'</script>"


PASSING = """new Promise((done) => {
    const seen = [];
    const look = () => {
        seen.push(walk.along);
        if (walk.along < 0.9 || seen.length > 1000) done(seen);
        else requestAnimationFrame(look);
    };
    look();
})"""
"""Where the walk is, frame by frame, until it is on the way back."""


def written(path, name, labels=None):
    x, default = models.data(name, samples=60)
    ta.explore(models.model(name), x, default if labels is None else labels, path)
    return path


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    """Two dimensions."""
    return written(tmp_path_factory.mktemp("flat") / "page.html", "compression")


@pytest.fixture(scope="module")
def deep(tmp_path_factory):
    """Twenty dimensions."""
    return written(tmp_path_factory.mktemp("deep") / "page.html", "mlp-vae")


def test_the_picture_is_what_numpy_decodes_at_the_pointer(flat, visit):
    model = models.model("compression")
    with visit(flat) as tab:
        reader = Reader(tab)
        seen = []
        for place in ((0.3, 0.3), (0.6, 0.5)):
            reader.mouse.move(*reader.at(*place))
            seen.append(reader.code())
            expected = model.decode(seen[-1][None].astype("float32"))[0]
            assert np.abs(reader.shown() - grey(expected)).max() <= 1
        assert (seen[1] > seen[0])[0]
        assert (seen[1] < seen[0])[1]
        assert reader.text("#where").startswith(f"z₁ = {seen[1][0]:.2f}".replace("-", "−"))


def test_the_pointer_is_where_the_axes_say(flat, visit):
    with visit(flat) as tab:
        reader = Reader(tab)
        reader.mouse.move(*reader.at(0.4, 0.6))
        code = reader.code()
        pixel = "(code) => space.toPixel(space.plane.project(code))"
        x, y = tab.page.evaluate(pixel, code.tolist())
        assert np.allclose([x, y], [0.4 * reader.box["width"], 0.6 * reader.box["height"]], atol=1)


def test_the_plane_moves_only_what_lies_in_it(deep, visit):
    model, (x, _) = models.model("mlp-vae"), models.data("mlp-vae", samples=60)
    codes = models.means(model, x)
    with visit(deep) as tab:
        reader = Reader(tab)
        assert np.allclose(reader.code(), codes.mean(axis=0), atol=1e-5)
        reader.mouse.move(*reader.at(0.3, 0.4))
        components = np.linalg.svd(codes - codes.mean(axis=0))[2]
        moved = components @ (reader.code() - codes.mean(axis=0))
        assert np.abs(moved[:2]).min() > 1e-3
        assert np.abs(moved[2:]).max() < 1e-4
        before = reader.code()
        tab.page.select_option("#plane", "axes")
        tab.page.select_option("#across", "4")
        tab.page.select_option("#up", "7")
        reader.mouse.move(*reader.at(0.8, 0.2))
        assert np.flatnonzero(np.abs(reader.code() - before) > 1e-9).tolist() == [4, 7]


def test_the_two_axes_never_become_one(deep, visit):
    with visit(deep) as tab:
        tab.page.select_option("#plane", "axes")
        tab.page.select_option("#across", "1")
        assert tab.page.input_value("#up") == "0"
        tab.page.select_option("#plane", "principal")
        assert not tab.page.is_visible("#up")


def test_a_drag_walks(flat, visit):
    model = models.model("compression")
    with visit(flat) as tab:
        reader = Reader(tab)
        assert not tab.page.is_visible("#walk .strip")
        reader.drag((0.3, 0.3), (0.7, 0.6))
        ends = np.array(tab.page.evaluate("walk.ends.map((end) => Array.from(end))"))
        for n in (0, 4, 8):
            code = ends[0] + n / 8 * (ends[1] - ends[0])
            frame = reader.shown(f".strip button:nth-child({n + 1}) canvas")
            expected = grey(model.decode(code[None].astype("float32"))[0])
            assert np.abs(frame - expected).max() <= 1
        tab.page.locator("#walk input").fill("25")
        assert np.allclose(reader.code(), ends[0] + 0.25 * (ends[1] - ends[0]))
        tab.page.click(".strip button:first-child")
        assert np.allclose(reader.code(), ends[0])


def test_play_goes_back_and_forth_until_it_is_paused(flat, visit):
    with visit(flat) as tab:
        reader = Reader(tab)
        reader.drag((0.3, 0.3), (0.7, 0.6))
        tab.page.evaluate("walk.slider.value = 96; walk.go(0.96)")
        tab.page.click("text=Play")
        seen = tab.page.evaluate(PASSING)
        assert seen[0] <= seen[1]
        assert max(seen) == 1
        assert seen[-1] < 0.9
        tab.page.click("text=Pause")
        there = reader.code()
        tab.page.wait_for_timeout(100)
        assert np.array_equal(reader.code(), there)


def test_a_click_compares(flat, visit):
    model, (x, labels) = models.model("compression"), models.data("compression", samples=60)
    with visit(flat) as tab:
        reader = Reader(tab)
        places = np.array(tab.page.evaluate("space.places.map((place) => space.toPixel(place))"))
        apart = np.hypot(*(places[:, None] - places).T) + 1e6 * np.eye(len(places))
        alone = int(apart.min(axis=0)[1:].argmax()) + 1  # sample 0 is chosen at the start
        across, down = places[alone]
        tab.page.mouse.click(reader.box["x"] + across + 2, reader.box["y"] + down + 2)
        what, error = reader.text("#chosen").split(": mean squared error ")
        rebuilt = model(x[alone : alone + 1])[0]
        assert what == f"Sample {alone}, class {labels[alone]}"
        assert np.isclose(float(error), ((x[alone] - rebuilt) ** 2).mean(), atol=2e-4)
        assert np.abs(reader.shown("#original") - grey(x[alone])).max() <= 1
        assert np.abs(reader.shown("#rebuilt") - grey(rebuilt)).max() <= 1


def test_the_keyboard_does_what_the_mouse_does(flat, visit):
    with visit(flat) as tab:
        reader = Reader(tab)
        tab.page.focus("#marks")
        start = reader.code()
        for key, direction in (("ArrowRight", (1, 0)), ("ArrowUp", (0, 1))):
            before = reader.code()
            reader.press(key)
            step = reader.code() - before
            assert np.array_equal(np.sign(step), direction)
        reader.press("Shift+ArrowLeft")
        reader.press("Shift+ArrowDown")
        moved = reader.code() - start
        assert np.allclose(moved, [-4 * step[1]] * 2)
        reader.press("Space")
        reader.press("Shift+ArrowRight")
        reader.press("Space")
        assert tab.page.is_visible("#walk .strip")
        reader.press("Enter")
        chosen = tab.page.evaluate("chosen")
        assert np.allclose(reader.code(), tab.page.evaluate("(n) => Array.from(codes[n])", chosen))


def test_a_slider_moves_its_number_alone(deep, visit):
    with visit(deep) as tab:
        reader = Reader(tab)
        before = reader.code()
        slider = tab.page.locator("#sliders input").nth(5)
        assert slider.evaluate("(slider) => slider.labels[0].innerText").startswith("z₆")
        slider.focus()
        reader.press("End")
        moved = reader.code() - before
        assert np.flatnonzero(np.abs(moved) > 1e-9).tolist() == [5]
        assert np.isclose(reader.code()[5], float(slider.get_attribute("max")))
        tab.page.click("text=Mean code")
        assert np.array_equal(reader.code(), before)


def test_the_image_is_saved_enlarged(flat, visit):
    with visit(flat) as tab:
        reader = Reader(tab)
        reader.mouse.move(*reader.at(0.4, 0.4))
        shown = reader.shown().reshape(28, 28)
        with tab.page.expect_download() as waiting:
            tab.page.click("text=Save image")
        assert waiting.value.suggested_filename == "decoded.png"
        saved = red(waiting.value.path().read_bytes())
        assert np.array_equal(saved, np.kron(shown, np.ones((20, 20))))


def test_a_class_can_be_hidden(flat, visit):
    with visit(flat) as tab:
        button = tab.page.get_by_role("button", name="1", exact=True)
        everything = Reader(tab).shown("#points")
        button.click()
        assert button.get_attribute("aria-pressed") == "false"
        assert not np.array_equal(Reader(tab).shown("#points"), everything)
        button.click()
        assert np.array_equal(Reader(tab).shown("#points"), everything)


def test_markup_in_a_label_is_text(visit, tmp_path):
    labels = np.array([XSS, "b", "c"] * 20)
    with visit(written(tmp_path / "page.html", "compression", labels)) as tab:
        Reader(tab).frame()
        assert XSS in tab.page.locator("#legend").inner_text()
        tab.page.focus("#marks")
        for n in range(60):
            tab.page.evaluate("choose", n)
        assert "coded space" in tab.page.title()
        assert tab.page.locator("img").count() == 0


def test_numbers_that_are_no_image_are_bars(visit, tmp_path):
    with visit(written(tmp_path / "page.html", "gaussian-vae")) as tab:
        assert "15 numbers" in tab.page.inner_text("#range")
        assert len(set(Reader(tab).shown().tolist())) >= 2


def test_a_code_of_one_number_has_a_row_for_each_class(visit, tmp_path):
    x, labels = models.data("mlp-vae")
    ta.explore(networks.mlp_vae(latent_dim=1), x, labels, tmp_path / "page.html")
    with visit(tmp_path / "page.html") as tab:
        reader = Reader(tab)
        rows = {place[1] for place in tab.page.evaluate("space.places")}
        assert rows == {0, -1, -2}
        before = reader.code()
        reader.mouse.move(*reader.at(0.8, 0.2))
        assert reader.code() > before


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits(deep, visit, width, height, dark):
    with visit(deep, width, height, dark=dark) as tab:
        Reader(tab).drag((0.3, 0.3), (0.7, 0.6))
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
        box = tab.page.locator("#picture").bounding_box()
        assert box["y"] + box["height"] <= height
        assert min(box["width"], box["height"]) >= 120
        background = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(17, 18, 22)") == dark


def test_a_finger_walks(deep, visit):
    with visit(deep, 390, 844) as tab:
        reader = Reader(tab)
        session = tab.page.context.new_cdp_session(tab.page)
        for kind, place in (("Start", (0.3, 0.3)), ("Move", (0.5, 0.5)), ("Move", (0.7, 0.4))):
            x, y = reader.at(*place)
            points = {"type": f"touch{kind}", "touchPoints": [{"x": x, "y": y}]}
            session.send("Input.dispatchTouchEvent", points)
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        reader.frame()
        assert tab.page.is_visible("#walk .strip")
        assert tab.page.evaluate("scrollY") == 0


def test_a_frame_is_quick(deep, visit):
    """The median of many, with room for a busy machine: 16 ms is what a screen gives."""
    many = """() => {
        const times = Array.from({ length: 50 }, () => {
            code = meanCode.map(() => 4 * Math.random() - 2);
            const start = performance.now();
            show();
            return performance.now() - start;
        });
        return times.sort((a, b) => a - b)[25];
    }"""
    with visit(deep) as tab:
        assert tab.page.evaluate(many) < 16
