"""The picture of a model: all of it is there, nothing overlaps, nothing is cut."""

import math
import os
import subprocess
import sys
from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon

import tinyae as ta
from tests.files.own_layers import Residual, Scale
from tests.views.test_summary import MODELS
from tinyae.views.flow import follow
from tinyae.views.network import plot_model


def odd_vae():
    """Heads of several layers and of different lengths, layers of one's own, long names."""
    heads = ta.Sequential(ta.Linear(3, 40), ta.Tanh(), ta.Linear(40, 1)), ta.Linear(3, 1)
    words = "many words, and what not", "another_word_that_is_very_long_and_has_no_space_in_it"
    return ta.VAE(
        ta.Sequential(Residual(ta.Linear(3, 3))),
        *heads,
        ta.Sequential(Scale(1, words=words), ta.Linear(1, 3)),
    )


def chain():
    return ta.Sequential(*(layer for _ in range(9) for layer in (ta.Linear(30, 30), ta.Tanh())))


PICTURES = MODELS | {
    "odd vae": (odd_vae, (3,)),
    "single numbers": (lambda: ta.Autoencoder(ta.Linear(1, 1), ta.Linear(1, 1)), (1,)),
    "stack without classifier": (lambda: ta.StackedAutoencoder((12, 3)), (12,)),
    "chain": (chain, (30,)),
    "images only": (lambda: ta.MaxPool2d(2), (128, 128, 128)),
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Every picture, drawn once."""
    folder, drawn = tmp_path_factory.mktemp("network"), {}

    def picture(name):
        if name not in drawn:
            build, shape = PICTURES[name]
            model = build()
            figure = plot_model(model, folder / "model.svg", shape)
            figure.canvas.draw()  # so that words are measured in dots of this size
            drawn[name] = figure, follow(model, shape)
        return drawn[name]

    return picture


def words_of(figure):
    return [text for text in figure.axes[0].texts if text.get_text()]


def boxes_of(figure, kind):
    """What is drawn of a kind, in dots."""
    patches = [patch for patch in figure.axes[0].patches if isinstance(patch, kind)]
    return [patch.get_window_extent() for patch in patches]


def apart(one, other, gap=0.0):
    return (
        one.x1 + gap <= other.x0
        or other.x1 + gap <= one.x0
        or one.y1 + gap <= other.y0
        or other.y1 + gap <= one.y0
    )


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_overlaps(name, pictures):
    figure, _ = pictures(name)
    words = {text: text.get_window_extent() for text in words_of(figure)}
    for one, other in combinations(words, 2):
        assert apart(words[one], words[other], gap=2), (one.get_text(), other.get_text())
    layers = boxes_of(figure, Polygon)
    for one, other in combinations(layers, 2):
        assert apart(one, other, gap=-0.5)  # the ones above each other touch
    for text, place in words.items():
        for layer in layers:
            assert apart(place, layer), text.get_text()
    pills = boxes_of(figure, FancyBboxPatch)
    for pill in pills:
        assert all(apart(pill, layer) for layer in layers)
        inside = [text for text, place in words.items() if not apart(pill, place)]
        assert len(inside) == 1
        assert pill.x0 < words[inside[0]].x0 < words[inside[0]].x1 < pill.x1


@pytest.mark.parametrize("name", PICTURES)
def test_no_arrow_crosses_words_or_layers(name, pictures):
    figure, _ = pictures(name)
    axes = figure.axes[0]
    solid = [text.get_window_extent() for text in words_of(figure)] + boxes_of(figure, Polygon)
    for patch in axes.patches:
        if isinstance(patch, FancyArrowPatch):
            corners = axes.transData.transform(patch._path_original.vertices)
            for (x0, y0), (x1, y1) in pairwise(corners):
                for share in np.linspace(0.03, 0.97, 40):
                    x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
                    assert not any(b.x0 < x < b.x1 and b.y0 < y < b.y1 for b in solid)


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_cut_and_all_is_legible(name, pictures):
    figure, _ = pictures(name)
    width, height = figure.get_size_inches() * figure.dpi
    places = [text.get_window_extent() for text in words_of(figure)]
    places += boxes_of(figure, (Polygon, FancyArrowPatch, FancyBboxPatch))
    edge = 0.15 * figure.dpi
    for place in places:
        assert edge < place.x0 <= place.x1 < width - edge
        assert edge < place.y0 <= place.y1 < height - edge
    assert min(text.get_fontsize() for text in words_of(figure)) >= 7
    assert figure.get_size_inches()[0] < 12


@pytest.mark.parametrize("name", [name for name in PICTURES if name != "odd vae"])
def test_everything_is_told(name, pictures):
    figure, branches = pictures(name)
    told = " ".join(text.get_text() for text in words_of(figure))
    for branch in branches:
        for step in branch.steps:
            assert step.layer.label.removesuffix("()") in told
            if step.parameters:
                assert f"{step.parameters:,} parameter" in told
        assert branch.name in told
        assert " × ".join(map(str, branch.input_shape)) in told
        assert " × ".join(map(str, branch.output_shape)) in told
    total = sum(branch.parameters for branch in branches)
    assert f", {total:,} parameter" in told


def edges(patch):
    """The lengths of the edge where a layer is entered and of the one where it is left."""
    corners = patch.get_xy()
    return [abs(corners[i + 1][0] - corners[i][0]) for i in (0, 2)]


@pytest.mark.parametrize("name", PICTURES)
def test_layers_are_sized_by_their_tensors(name, pictures):
    figure, branches = pictures(name)
    steps = [step for branch in branches for step in branch.steps]
    layers = [patch for patch in figure.axes[0].patches if isinstance(patch, Polygon)]
    assert len(layers) == len(steps)
    pairs = set()
    for branch in branches:
        for step in branch.steps:
            pairs.add((math.prod(step.input_shape), math.prod(step.output_shape)))
    drawn = sorted({tuple(round(edge, 6) for edge in edges(layer)) for layer in layers})
    sizes = sorted({size for pair in pairs for size in pair})
    widths = sorted({width for pair in drawn for width in pair})
    assert len(sizes) == len(widths)
    rank = dict(zip(sizes, widths, strict=True))  # the more numbers, the wider
    assert sorted((rank[a], rank[b]) for a, b in pairs) == drawn
    assert widths[-1] < 2.5
    assert widths[0] > 0.2


def test_the_branches_of_a_vae_part_and_meet(pictures):
    figure, _ = pictures("conv-vae")
    place = {text.get_text(): text.get_position() for text in words_of(figure)}
    mean, log_var = place["mean"], place["log_var"]
    z = place["z = mean + exp(½ log_var) · ε"]
    assert mean[1] == log_var[1] < place["trunk"][1]
    assert mean[0] < z[0] < log_var[0]
    assert z[1] < mean[1]
    axes = figure.axes[0]
    ends = [
        patch._path_original.vertices[[0, -1]]
        for patch in axes.patches
        if isinstance(patch, FancyArrowPatch) and len(patch._path_original.vertices) == 4
    ]
    apart, together = ends[:2], ends[2:]
    assert (apart[0][0] == apart[1][0]).all()  # from one place
    assert apart[0][1][0] < z[0] < apart[1][1][0]  # to either side
    assert abs(together[0][1][0] - together[1][1][0]) < 0.5  # and into z
    assert len(together) == 2


@pytest.mark.parametrize(
    ("ending", "start"),
    [("png", b"\x89PNG"), ("PNG", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")],
)
def test_endings(ending, start, tmp_path):
    path = tmp_path / "folder" / f"model.{ending}"
    figure = plot_model(ta.Linear(2, 2), path, (2,))
    assert path.read_bytes().startswith(start)
    assert isinstance(figure, Figure)
    assert os.listdir(path.parent) == [path.name]
    assert not pyplot.get_fignums()


def test_refusals(tmp_path):
    for name in ("model", "model.gif", "png"):
        with pytest.raises(ta.TinyaeError, match=r"ending in \.png, \.svg, \.pdf, got"):
            plot_model(ta.Linear(2, 2), tmp_path / name, (2,))
    with pytest.raises(ta.TinyaeError, match="without the batch axis"):
        plot_model(ta.Linear(2, 2), tmp_path / "model.png", (3,))
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "folder.png", tmp_path / "file" / "model.png"):
        with pytest.raises(ta.TinyaeError, match="plot_model: cannot write"):
            plot_model(ta.Linear(2, 2), place, (2,))
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.png"]


def test_labels_are_words_and_no_formulas(tmp_path):
    figure = plot_model(Scale(2, words=("$a_b$", "$\\frac$")), tmp_path / "model.png", (2,))
    assert any(r"\$a_b\$" in text.get_text() for text in words_of(figure))


def test_the_model_is_as_before(tmp_path):
    model = networks = odd_vae()
    state = model.state_dict()
    plot_model(networks, tmp_path / "model.png", (3,))
    assert all(np.array_equal(value, state[name]) for name, value in model.state_dict().items())
    assert all(module.training for _, module in model.modules())


def test_the_package_and_its_summary_need_no_matplotlib():
    code = (
        "import sys, tinyae, tinyae.files, tinyae.views.summary;"
        "sys.exit('matplotlib' in sys.modules or 'scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
