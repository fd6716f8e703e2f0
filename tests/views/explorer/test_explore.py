"""What ``ta.explore`` writes, and what it refuses."""

import base64
import json
import os
import re

import numpy as np
import pytest

import tinyae as ta
from tests.views.explorer import models
from tinyae.errors import TinyaeError
from tinyae.recipes import networks


@pytest.fixture
def path(tmp_path):
    return tmp_path / "page.html"


def small(code=2, size=9, last=None):
    """An autoencoder of a few numbers."""
    decoder = ta.Sequential(ta.Linear(code, size), *([last] if last else []))
    return ta.Autoencoder(ta.Linear(size, code), decoder)


def sample(n=6, size=9):
    x = np.random.default_rng(0).random((n, size)).astype("float32")
    return x, np.arange(n) % 2


def contents(path):
    (text,) = re.findall(r'id="data">(.*?)</script>', path.read_text("utf-8"))
    return json.loads(text)


def numbers(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype)


def test_the_page_holds_codes_classes_and_originals(path):
    model, (x, _) = small(3), sample()
    ta.explore(model, x, ["b", "a", "b", "b", "a", "b"], path)
    data = contents(path)
    assert data["classes"] == ["a", "b"]
    assert numbers(data["classOf"], "u1").tolist() == [1, 0, 1, 1, 0, 1]
    assert np.array_equal(numbers(data["codes"], "<f4").reshape(6, 3), model.encode(x))
    assert np.allclose(numbers(data["originals"], "u1").reshape(x.shape) / 255, x, atol=0.5 / 255)
    assert np.allclose(data["principal"]["mean"], model.encode(x).mean(axis=0), atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((784,), [28, 28]),
        ((64,), [8, 8]),
        ((49,), None),
        ((15,), None),
        ((1, 6, 4), [6, 4]),
        ((6, 4), [6, 4]),
        ((3, 4, 4), None),
    ],
)
def test_what_is_shown_as_an_image(shape, size, path):
    pixels = int(np.prod(shape))
    encoder = ta.Sequential(ta.Flatten(), ta.Linear(pixels, 2))
    model = ta.Autoencoder(encoder, ta.Linear(2, pixels))
    ta.explore(model, np.ones((3, *shape), "float32"), [0, 1, 2], path)
    assert contents(path)["size"] == size


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [(0, 0.99, (0, 1)), (-1, 0.99, (-1, 1)), (-3.5, 2, (-3.5, 2)), (0, 9, (0, 9)), (5, 5, (4, 6))],
)
def test_the_range_of_the_data(low, high, shown, path):
    x = np.linspace(low, high, 54, dtype="float32").reshape(6, 9)
    ta.explore(small(), x, range(6), path)
    data = contents(path)
    assert (data["low"], data["high"]) == shown


def test_a_large_vae_keeps_to_five_megabytes(path):
    rng = np.random.default_rng(0)
    x, labels = rng.random((2000, 784)).astype("float32"), rng.integers(0, 10, 2000)
    ta.explore(networks.mlp_vae(), x, labels, path)
    assert path.stat().st_size < 5e6


def test_modes_and_weights_stay_as_they_were(path):
    model, (x, labels) = networks.kmnist_vae(2), models.data("kmnist-vae")
    model.decoder.eval()
    modes = [module.training for _, module in model.modules()]
    before = model.state_dict()
    ta.explore(model, x, labels, path)
    assert [module.training for _, module in model.modules()] == modes
    assert all(np.array_equal(before[name], value) for name, value in model.state_dict().items())


def test_the_result_is_the_path_and_shows_itself(path):
    page = ta.explore(small(), *sample(), path)
    assert page.path == path
    assert os.fspath(page) == str(path)
    shown = page._repr_html_()
    assert shown.startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    assert shown.count('"') == 6


def test_markup_stays_inside_the_data(path):
    name = "</script><script>alert(1)</script>"
    ta.explore(small(), sample()[0], [name] * 6, path)
    assert "alert(1)</script>" not in path.read_text("utf-8")
    assert path.read_text("utf-8").count("</script>") == 2
    ta.explore(small(), sample()[0], ["<!--[policy]-->"] * 6, path)
    assert contents(path)["classes"] == ["<!--[policy]-->"]


class Doubled(ta.Autoencoder):
    """Its ``decode`` is more than its decoder."""

    def decode(self, code):
        return 2 * self.decoder(code)


class OwnReLU(ta.ReLU):
    """A layer of one's own."""


class NoDecoder(ta.Layer):
    """It encodes and decodes without layers."""

    def encode(self, x):
        return x[:, :2]

    def decode(self, code):
        return code


def not_finite(place):
    x, labels = sample()
    x[place] = np.nan
    return x, labels


def broken():
    model = small()
    model.decoder[0].weight.value[0, 0] = np.nan
    return model


REFUSED = {
    "an unknown layer": (lambda: small(last=ta.LogSoftmax()), sample, "LogSoftmax"),
    "a layer of one's own": (lambda: small(last=OwnReLU()), sample, "OwnReLU"),
    "a layer": (lambda: ta.Linear(9, 2), sample, "encode and decode.*got Linear"),
    "no model": (lambda: None, sample, "got NoneType"),
    "no decoder": (NoDecoder, sample, "decoder made of layers, got NoDecoder"),
    "another decode": (lambda: Doubled(ta.Linear(9, 2), ta.Linear(2, 9)), sample, "Doubled.decode"),
    "broken weights": (broken, sample, "finite decoded"),
    "larger data": (small, lambda: sample(size=10), r"Linear\(9, 2\).*\(6, 10\)"),
    "another output": (
        lambda: ta.Autoencoder(ta.Linear(9, 2), ta.Linear(2, 8)), sample, "9 numbers.*got 8"
    ),
    "a code that is no row": (
        lambda: ta.Autoencoder(ta.Unflatten((3, 3)), ta.Flatten()), sample, r"codes \(N, D\)"
    ),
    "fewer labels": (small, lambda: (sample()[0], [0, 1]), "6 x, 2 labels"),
    "many labels": (small, lambda: (sample(11)[0], range(11)), "at most 10"),
    "no samples": (small, lambda: (sample(0)[0], []), r"\(0, 9\)"),
    "one axis": (small, lambda: (np.ones(9, "float32"), [0] * 9), r"\(9,\)"),
    "NaN": (small, lambda: not_finite((1, 2)), "1 of 54 not finite"),
    "bytes": (small, lambda: (sample()[0].astype("uint8"), sample()[1]), "float type"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case, path):
    model, given, message = REFUSED[case]
    with pytest.raises(TinyaeError, match=message):
        ta.explore(model(), *given(), path)
    assert not path.exists()


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(TinyaeError, match=r"explore: cannot write .*page\.html"):
        ta.explore(small(), *sample(), tmp_path / "file" / "page.html")
    with pytest.raises(TinyaeError, match="cannot write"):
        ta.explore(small(), *sample(), tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
