"""The table of a model says what its layers do, and leaves the model as it is."""

import re

import numpy as np
import pytest

import tinyae as ta
from tests.cases import LAYERS
from tests.files.own_layers import Residual, Scale, Twice
from tinyae.backend import host_generator
from tinyae.recipes import networks
from tinyae.views.flow import follow
from tinyae.views.summary import summary


def stacked():
    model = ta.StackedAutoencoder((784, 196, 49, 25, 9))
    model.classifier = ta.Linear(9, 10)
    return model


MODELS = {
    "gaussian-vae": (lambda: networks.dense_vae([15, 10, 5]), (15,)),
    "dense-vae": (lambda: networks.dense_vae([784, 100, 20]), (784,)),
    "conv-vae": (networks.conv_vae, (1, 28, 28)),
    "mlp-vae": (networks.mlp_vae, (784,)),
    "stacked": (stacked, (784,)),
    "compression": (networks.compression, (784,)),
    "deep-conv-vae": (networks.deep_conv_vae, (1, 28, 28)),
    "kmnist-vae, 2": (lambda: networks.kmnist_vae(2), (1, 28, 28)),
    "kmnist-vae, 128": (lambda: networks.kmnist_vae(128), (1, 28, 28)),
    "one layer": (lambda: ta.Linear(3, 4), (3,)),
    "nothing": (ta.Sequential, (3,)),
}

TOTALS = {
    "gaussian-vae": {"total": 479},
    "dense-vae": {"trunk": 80_520, "decoder": 81_344, "total": 161_948},
    "conv-vae": {"encoder": 296_532, "decoder": 297_217, "mean": 514, "total": 593_749},
    "mlp-vae": {"total": 652_824},
    "stacked": {"encoder": 164_997, "classifier": 100},
    "compression": {"total": 202_258},
    "deep-conv-vae": {"total": 1_461_324},
    "kmnist-vae, 2": {"total": 829_812},
    "kmnist-vae, 128": {"total": 1_084_080},
}


def blocks(text):
    """The parts of a summary between its rules, each a list of lines."""
    return [block.splitlines() for block in re.split(r"\n─+\n", text)]


def rows(text):
    """(where, output, parameters) of every layer."""
    found = [
        re.fullmatch(r"(\S*) +\S.*\S  +\(N, ([\d, ]+)\) +([\d,]+)", line)
        for block in blocks(text)[1:-1]
        for line in block[1:]
    ]
    return [
        (row[1], tuple(map(int, row[2].split(","))), int(row[3].replace(",", "")))
        for row in found
        if row
    ]


def totals(text):
    found = (re.fullmatch(r"(\w+) .*?([\d,]+)", line) for line in blocks(text)[-1])
    return {row[1]: int(row[2].replace(",", "")) for row in found}


@pytest.mark.parametrize("name", TOTALS)
def test_totals_of_the_documents(name):
    build, shape = MODELS[name]
    found = totals(summary(build(), shape))
    assert {part: found[part] for part in TOTALS[name]} == TOTALS[name]


def test_text_of_a_small_model():
    model = ta.VAE(
        ta.Sequential(ta.Unflatten((1, 2, 2)), ta.ConvTranspose2d(1, 2, 2, padding=1, bias=False),
                      ta.Flatten()),
        ta.Linear(2, 1), ta.Linear(2, 1), ta.Linear(1, 4),
    )  # fmt: skip
    assert summary(model, (4,)) == (
        "where    layer                                output        parameters\n"
        "──────────────────────────────────────────────────────────────────────\n"
        "trunk    from input                           (N, 4)\n"
        "trunk.0  Unflatten((1, 2, 2))                 (N, 1, 2, 2)           0\n"
        "trunk.1  ConvTranspose2d(1, 2, 2, padding=1,  (N, 2, 1, 1)           8\n"
        "           bias=False)\n"
        "trunk.2  Flatten()                            (N, 2)                 0\n"
        "──────────────────────────────────────────────────────────────────────\n"
        "mean     from trunk                           (N, 2)\n"
        "mean     Linear(2, 1)                         (N, 1)                 3\n"
        "──────────────────────────────────────────────────────────────────────\n"
        "log_var  from trunk                           (N, 2)\n"
        "log_var  Linear(2, 1)                         (N, 1)                 3\n"
        "──────────────────────────────────────────────────────────────────────\n"
        "z        from mean and log_var                (N, 1)\n"
        "         mean + exp(½ log_var) · ε            (N, 1)\n"
        "──────────────────────────────────────────────────────────────────────\n"
        "decoder  from z                               (N, 1)\n"
        "decoder  Linear(1, 4)                         (N, 4)                 8\n"
        "──────────────────────────────────────────────────────────────────────\n"
        "trunk                                                                8\n"
        "mean                                                                 3\n"
        "log_var                                                              3\n"
        "encoder  trunk, mean and log_var                                    14\n"
        "decoder                                                              8\n"
        "total                                                               22"
    )


@pytest.mark.parametrize("name", MODELS)
def test_every_line_is_true(name):
    build, shape = MODELS[name]
    model = build()
    modules = dict(model.modules())
    text = summary(model, shape)
    named = [row for row in rows(text) if row[0] in modules]
    leaves = [where for where, module in modules.items() if not module.children()]
    assert sorted(where for where, *_ in named) == sorted(leaves)
    for where, _, parameters in named:
        assert parameters == modules[where].count_parameters()
    assert totals(text)["total"] == model.count_parameters()
    for where in leaves:  # the shapes that the layers themselves report, for three samples
        modules[where]._output_shape = None
    x = np.zeros((3, *shape), dtype="float32")
    model.eval()
    if isinstance(model, ta.StackedAutoencoder):
        model.predict(x)
        model.decode(model.encode(x))
    else:
        model(x)
    seen = {where: modules[where]._output_shape[1:] for where in leaves}
    assert {where: output for where, output, _ in named} == seen


@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_every_layer(case):
    layer = case.layer("float64")
    steps = follow(layer, case.shape[1:])[0].steps
    assert (steps[0].input_shape, steps[-1].output_shape) == (
        case.shape[1:],
        layer.eval()(case.input("float64")).shape[1:],
    )
    assert sum(step.parameters for step in steps) == layer.count_parameters()


def test_the_model_is_as_before():
    class Noise(ta.Layer):
        def forward(self, x):
            return x + host_generator().normal(size=x.shape).astype(x.dtype)

        def backward(self, dy):
            return dy

    model = networks.kmnist_vae(2)
    model.mean = ta.Sequential(Noise(), model.mean)
    model.trunk[1].eval()
    x = np.random.default_rng(0).normal(size=(4, 1, 28, 28)).astype("float32")
    before = [layer.training for _, layer in model.modules()]

    def gradients(look):
        ta.seed(1)
        model.zero_grad()
        model.loss(x / 10 + 0.5)
        state, attributes = model.state_dict(), [set(vars(m)) for _, m in model.modules()]
        if look:
            summary(model, (1, 28, 28))
        assert [set(vars(m)) for _, m in model.modules()] == attributes
        assert all(np.array_equal(value, state[key]) for key, value in model.state_dict().items())
        model.backward()
        return [p.grad.copy() for p in model.parameters()], host_generator().random(3)

    expected, drawn = gradients(look=False)
    found, drawn_too = gradients(look=True)
    assert all(np.array_equal(a, b) for a, b in zip(expected, found, strict=True))
    assert np.array_equal(drawn, drawn_too)
    assert [layer.training for _, layer in model.modules()] == before


def test_the_model_is_as_before_when_it_refuses():
    model = ta.Sequential(Scale(3), ta.Dropout(), ta.Linear(4, 2))
    with pytest.raises(ta.TinyaeError):
        summary(model, (3,))
    assert model[0].calls == 0
    assert model[0].x is None
    assert all(layer.training for layer in model)
    assert "forward" not in vars(model[0])


def test_own_layers():
    model = ta.Sequential(
        Scale(3), Twice(3, middle=ta.Tanh()), Residual(ta.Linear(3, 3)), ta.Linear(3, 2)
    )
    assert rows(summary(model, (3,))) == [
        ("0", (3,), 3),
        ("1.first", (3,), 12),
        ("1.middle", (3,), 0),
        ("1.first", (3,), 0),  # the same layer once more: nothing new is learnt
        ("2", (3,), 12),
        ("3", (2,), 8),
    ]
    assert model[0].calls == 0


def test_parameters_that_a_sample_does_not_meet():
    model = ta.Autoencoder(ta.Linear(3, 2), ta.Linear(2, 3))
    model.spare = ta.Linear(4, 4)
    found = totals(summary(model, (3,)))
    assert found == {"encoder": 8, "decoder": 9, "elsewhere": 20, "total": 37}


def test_a_stack_without_a_classifier():
    model = ta.StackedAutoencoder((6, 4, 2))
    names = [branch.name for branch in follow(model, (6,))]
    assert names == ["encoder", "decoder"]
    decoder = follow(model, (6,))[1]
    assert [step.path for step in decoder.steps] == ["decoders.1", "decoders.0"]
    assert (decoder.input_shape, decoder.output_shape) == ((2,), (6,))


def test_branches_of_a_vae():
    branches = follow(networks.dense_vae([15, 10, 5]), [15])
    assert {b.name: (b.sources, b.output_shape) for b in branches} == {
        "trunk": ((), (5,)),
        "mean": (("trunk",), (2,)),
        "log_var": (("trunk",), (2,)),
        "z": (("mean", "log_var"), (2,)),
        "decoder": (("z",), (15,)),
    }


def test_on_another_backend(backend):
    model = networks.conv_vae()
    text = summary(model, (1, 28, 28))
    assert summary(model.to(backend), (1, 28, 28)) == text


@pytest.mark.parametrize("shape", [(32, 784), (1, 28, 28), (783,)])
def test_shapes_that_the_model_does_not_take(shape):
    with pytest.raises(ta.TinyaeError, match=r"VAE: .* without the batch axis: Linear\(784, 400\)"):
        summary(networks.mlp_vae(), shape)


@pytest.mark.parametrize("shape", [784, (), (0,), (-1, 2), (2.5,), "ab", None, (10**6, 10**6)])
def test_no_shapes(shape):
    with pytest.raises(ta.TinyaeError, match=r"expected an input_shape of one sample, such as"):
        summary(ta.ReLU(), shape)


def test_what_cannot_be_looked_into():
    with pytest.raises(ta.TinyaeError, match=r"expected a Layer, .* got dict"):
        summary({}, (3,))
    with pytest.raises(ta.TinyaeError, match="got Module"):
        summary(ta.Module(), (3,))


def test_an_own_layer_that_fails():
    class Bad(ta.Layer):
        def forward(self, x):
            return x.reshape(7, -1, 7)

    with pytest.raises(ta.TinyaeError, match=r"Bad: does not take .* cannot reshape"):
        summary(Bad(), (3,))


def test_a_notebook_shows_it_in_columns_and_runs_nothing():
    class Bold(ta.ReLU):
        label = "<b>bold</b>"

    text = ta.summary(ta.Sequential(ta.Linear(3, 2), Bold()), (3,))
    assert isinstance(text, str)
    assert text._repr_html_() == "<pre>" + text.replace("<", "&lt;").replace(">", "&gt;") + "</pre>"
    assert "&lt;b&gt;bold" in text._repr_html_()
