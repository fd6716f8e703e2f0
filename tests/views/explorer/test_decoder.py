"""The decoder in the page gives what the one in NumPy gives."""

from importlib import resources
from types import SimpleNamespace

import numpy as np
import pytest

import tinyae as ta
from tests.cases import LAYERS, LayerCase
from tests.views.explorer import models
from tinyae.pages import as_base64
from tinyae.views.explorer.decoder import DESCRIBED, SILENT, decoder_program
from tinyae.views.explorer.explore import explore

TOLERANCE = 1e-4

CASES = [case for case in LAYERS if type(case.build(ta)) in (*DESCRIBED, *SILENT)]
MORE = [
    LayerCase(lambda t: t.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(2, 1)), (4, 2, 5, 7)),
    LayerCase(lambda t: t.ConvTranspose2d(3, 2, (2, 4), (3, 2), (1, 2), (2, 1)), (4, 3, 4, 3)),
    LayerCase(lambda t: t.ConvTranspose2d(2, 2, 5, padding=4, bias=False), (4, 2, 6, 6)),
    LayerCase(lambda t: t.Conv2d(1, 2, 1, stride=5, padding=2), (4, 1, 3, 3)),
    LayerCase(lambda t: t.Softplus(), (4, 3)),
    LayerCase(
        lambda t: t.Sequential(
            t.Linear(3, 8), t.Sequential(t.Dropout(0.5), t.Tanh()), t.Unflatten((2, 2, 2)),
            t.BatchNorm2d(2), t.LeakyReLU(0.2), t.Flatten(), t.Linear(8, 5, bias=False),
        ),
        (4, 3),
        name="a nest",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def compute(visit, tmp_path_factory):
    """From descriptions, weights and codes to what ``decoder.js`` makes of them."""
    assets = resources.files("tinyae.views.explorer") / "assets"
    page = tmp_path_factory.mktemp("page") / "page.html"
    script = (assets / "decoder.js").read_text(encoding="utf-8")
    page.write_text(f"<!doctype html><meta charset=utf-8><script>{script}</script>", "utf-8")
    program = """([layers, weights, codes]) => {
        const decode = makeDecoder(layers, fromBase64(weights, Float32Array));
        return codes.map((code) => Array.from(decode(code)));
    }"""
    with visit(page) as tab:
        yield lambda *parts: np.array(tab.page.evaluate(program, list(parts)))


@pytest.mark.parametrize("case", [*CASES, *MORE], ids=str)
def test_every_layer(case, compute):
    layer, x = case.layer().eval(), 3 * case.input()
    for _, module in layer.modules():
        if hasattr(module, "running_var"):
            module.running_var[...] = np.abs(module.running_var) + 0.5
    program = decoder_program(SimpleNamespace(decoder=layer, decode=layer), x[:1])
    expected = layer(x).reshape(len(x), -1)
    got = compute(program.layers, as_base64(program.weights, "<f4"), x.reshape(len(x), -1).tolist())
    assert program.outputs == expected.shape[1]
    assert np.abs(got - expected).max() < TOLERANCE


def test_no_kind_of_layer_is_left_out():
    nested = (layer for case in MORE for _, layer in case.build(ta).modules())
    tested = {type(layer) for layer in nested} | {type(case.build(ta)) for case in CASES}
    assert {*DESCRIBED, *SILENT} <= tested


@pytest.mark.parametrize("name", models.NAMES)
def test_every_recipe(name, visit, tmp_path):
    model, (x, labels) = models.model(name), models.data(name)
    explore(model, x, labels, tmp_path / "page.html")
    codes = models.means(model, x)
    drawn = np.random.default_rng(1).normal(size=(20, codes.shape[1])).astype("float32")
    codes = np.concatenate([codes, 2 * drawn])
    expected = model.decode(codes).reshape(len(codes), -1)
    with visit(tmp_path / "page.html") as tab:
        decoded = "(codes) => codes.map((code) => Array.from(decode(code)))"
        got = np.array(tab.page.evaluate(decoded, codes.tolist()))
    assert expected.std() > 1e-3
    assert np.abs(got - expected).max() < TOLERANCE
