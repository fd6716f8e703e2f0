"""Everything computes on the arrays it is given: the whole table on arrays that refuse NumPy.

The fixture ``backend`` is "strict" everywhere (see ``tests/strict_array.py``), and "cupy" where
there is a GPU (``pytest -m gpu``).
"""

import numpy as np
import pytest

import tinyae as ta
from tests import strict_array
from tests.cases import LAYERS, LOSSES, OPTIMIZERS, optimize, run
from tinyae.backend import backend_name, get_module

TOLERANCE = {"strict": 0.0, "cupy": 1e-5}
"""Of the magnitude of each array: a GPU adds up in another order."""


def assert_equal(ours, expected, backend, name=""):
    ours, expected = ta.to_numpy(ours), ta.to_numpy(expected)
    assert ours.dtype == expected.dtype, name
    atol = TOLERANCE[backend] * np.abs(expected).max()
    np.testing.assert_allclose(ours, expected, rtol=0, atol=atol, err_msg=name)


def everything_of(model):
    """All arrays that training could have moved elsewhere."""
    yield from model.state_dict().items()
    for path, parameter in model.named_parameters().items():
        yield f"{path}.grad", parameter.grad


@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_layers(case, backend):
    layer, x = case.layer(backend=backend), case.input()
    results = run(layer, get_module(backend).asarray(x))
    for name, value in run(case.layer(), x).items():
        assert_equal(results[name], value, backend, name)
    for path, value in everything_of(layer):
        assert backend_name(value) == backend, path


@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_layers_made_on_a_backend_start_equal(case, backend):
    ta.seed(3)
    expected = dict(everything_of(case.build(ta)))
    ta.use(backend)
    ta.seed(3)
    for path, value in everything_of(case.build(ta)):
        assert backend_name(value) == backend, path
        assert_equal(value, expected[path], "strict", path)


@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_layers_move_there_and_back(case, backend):
    layer = case.layer()
    before = {name: value.copy() for name, value in everything_of(layer)}
    assert layer.to(backend).to("numpy") is layer
    for path, value in everything_of(layer):
        assert isinstance(value, np.ndarray)
        np.testing.assert_array_equal(value, before[path])


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("case", LOSSES, ids=str)
def test_losses(case, reduction, backend):
    asarray = get_module(backend).asarray
    prediction, target = case.example()
    expected, ours = case.build(ta, reduction), case.build(ta, reduction)
    value = ours(asarray(prediction), asarray(target))
    gradient = ours.backward()
    assert backend_name(value) == backend_name(gradient) == backend
    assert_equal(value, expected(prediction, target), backend)
    assert_equal(gradient, expected.backward(), backend)


def test_gaussian_kl(backend):
    asarray = get_module(backend).asarray
    mean, log_var = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    ours = ta.gaussian_kl(asarray(mean), asarray(log_var))
    for value, expected in zip(ours, ta.gaussian_kl(mean, log_var), strict=True):
        assert backend_name(value) == backend
        assert_equal(value, expected, backend)


@pytest.mark.parametrize("case", OPTIMIZERS, ids=str)
def test_optimizers(case, backend):
    paths = []
    for place in ("numpy", backend):
        ta.seed(0)
        layer = ta.Linear(3, 2).to(place)
        optimizer = case.build(ta, layer.parameters())
        paths.append(optimize(optimizer, layer.parameters()))
        for _, value in everything_of(layer):
            assert backend_name(value) == place
    for expected, ours in zip(*paths, strict=True):
        for one, other in zip(ours, expected, strict=True):
            assert_equal(one, other, backend)


# Models: each does all it can on both backends, and what it did is compared.


def train_vae(place, **settings):
    """Three steps of Adam; then everything a VAE offers."""
    vae = ta.VAE(
        ta.Sequential(ta.Linear(6, 5), ta.BatchNorm1d(5), ta.ReLU(), ta.Dropout(0.2)),
        ta.Linear(5, 2),
        ta.Linear(5, 2),
        ta.Sequential(ta.Linear(2, 6), ta.Sigmoid(), ta.Unflatten((1, 2, 3))),
        **settings,
    ).to(place)
    ta.seed(1)  # the weights were drawn on the host; masks and codes come next
    x = np.random.default_rng(0).uniform(0.1, 0.9, (8, 6)).astype("float32")
    x = get_module(place).asarray(x)
    optimizer = ta.Adam(vae.parameters(), lr=0.05)
    for _ in range(3):
        optimizer.zero_grad()
        loss = vae.loss(x)
        dx = vae.backward()
        optimizer.step()
    yield from vars(loss).items()
    yield "dx", dx
    yield from everything_of(vae)
    yield from vars(vae.eval()(x)).items()
    yield "reconstruct", vae.reconstruct(x)
    yield "sample", vae.sample(3)


def train_autoencoder(place):
    model = ta.Autoencoder(
        ta.Sequential(ta.Conv2d(1, 2, 3, padding=1), ta.MaxPool2d(2), ta.LeakyReLU()),
        ta.Sequential(ta.ConvTranspose2d(2, 1, 2, stride=2), ta.Tanh()),
    ).to(place)
    x = np.random.default_rng(0).normal(size=(6, 1, 4, 4)).astype("float32")
    data = ta.data.DataLoader(get_module(place).asarray(x), batch_size=4, shuffle=True)
    optimizer = ta.SGD(model.parameters(), lr=0.1, momentum=0.9)
    history = ta.fit(model, data, 2, optimizer, ta.MSELoss(), progress=False)
    yield from everything_of(model)
    yield "loss", get_module(place).asarray(history["loss"])
    yield "code", model.encode(get_module(place).asarray(x))


def train_stack(place, codes, batch_size):
    model = ta.StackedAutoencoder([6, 4, 2], codes=codes).to(place)
    xp = get_module(place)
    x = xp.asarray(np.random.default_rng(0).normal(size=(9, 6)).astype("float32"))
    y = xp.asarray(np.arange(9) % 3)
    settings = {"batch_size": batch_size, "progress": False}
    model.pretrain(x, **settings)
    model.fit_classifier(x, y, lr=0.1, **settings)
    model.fine_tune(x, y, lr=0.1, encoder_lr=0.01, optimizer=ta.Adam, **settings)
    yield from everything_of(model)
    yield "code", model.encode(x)
    yield "decoded", model.decode(model.encode(x), squash=True)
    yield "features", model.features(1)
    yield "predictions", model.predict(x)
    yield "score", xp.asarray(model.score(x, y))


MODELS = {
    "Autoencoder": (train_autoencoder, {}),
    "StackedAutoencoder, one sample a step": (train_stack, {"codes": "after", "batch_size": 1}),
    "StackedAutoencoder, batches": (train_stack, {"codes": "before", "batch_size": 4}),
    "VAE": (train_vae, {}),
    "VAE, cross-entropy": (train_vae, {"reconstruction": "bce", "beta": 2.0}),
    "VAE, EM": (train_vae, {"prior": "em"}),
    "VAE, strict EM": (train_vae, {"prior": "em-strict"}),
}


@pytest.mark.parametrize("name", MODELS)
def test_models(name, backend):
    train, settings = MODELS[name]
    ta.seed(0)
    expected = dict(train("numpy", **settings))
    ta.seed(0)
    ours = dict(train(backend, **settings))
    assert ours.keys() == expected.keys()
    for part, value in ours.items():
        assert backend_name(value) == backend, part
        assert_equal(value, expected[part], backend, part)


# The strict arrays themselves: a test that lets everything through proves nothing.

REFUSED = {
    "a NumPy function": lambda a, host: np.exp(a),
    "a NumPy reduction": lambda a, host: np.sum(a),
    "a NumPy function of both": lambda a, host: np.maximum(host, a),
    "np.asarray": lambda a, host: np.asarray(a),
    "np.array of a list": lambda a, host: np.array([a, a]),
    "np.concatenate": lambda a, host: np.concatenate([a, a]),
    "np.where": lambda a, host: np.where(host > 0, a, 0),
    "a sum": lambda a, host: a + host,
    "a sum the other way round": lambda a, host: host + a,
    "a matrix product": lambda a, host: host @ a.T,
    "a NumPy scalar": lambda a, host: host.sum() * a,
    "a comparison": lambda a, host: a == host,
    "an in-place sum": lambda a, host: a.__iadd__(host),
    "an in-place sum into NumPy": lambda a, host: host.__iadd__(a),
    "filling NumPy": lambda a, host: host.__setitem__(..., a),
    "filling from NumPy": lambda a, host: a.__setitem__(..., host),
    "a NumPy index": lambda a, host: a[host > 0],
    "an index into NumPy": lambda a, host: host[a > 0],
    "the module's function of NumPy": lambda a, host: strict_array.exp(host),
    "one number of many": lambda a, host: float(a),
    "truth of many": lambda a, host: bool(a),
}


@pytest.mark.parametrize("name", REFUSED)
def test_strict_arrays_refuse(name):
    host = np.ones((2, 3), "float32")
    with pytest.raises((TypeError, IndexError)):
        REFUSED[name](strict_array.asarray(host), host)


def test_a_layer_that_slips_into_numpy_is_caught(strict):
    class Slips(ta.Layer):
        def forward(self, x):
            return np.exp(x)

    with pytest.raises(TypeError, match="__array_ufunc__"):
        Slips()(strict.ones((2, 3)))


def test_strict_arrays_compute_as_numpy_does():
    a = strict_array.asarray(np.arange(6.0).reshape(2, 3))
    b = 1 + strict_array.exp(-a[:, 1:]) * 2
    assert isinstance(b.sum(), strict_array.ndarray)
    np.testing.assert_array_equal(b.get(), 1 + np.exp(-np.arange(6.0).reshape(2, 3)[:, 1:]) * 2)
    b[0] = 7
    b -= b.mean()
    assert float(b.sum()) == pytest.approx(0)
    assert a.shape == (2, 3)


def test_cupy_offers_all_that_strict_arrays_offer():
    """Needs CuPy, but no GPU: without one it can be imported all the same."""
    cupy = pytest.importorskip("cupy", reason="needs CuPy: pip install 'tinyae[gpu]'")
    names = [name for name in strict_array.FUNCTIONS.split() if not hasattr(cupy, name)]
    names += [name for name in strict_array.METHODS.split() if not hasattr(cupy.ndarray, name)]
    assert not names
    assert callable(cupy.lib.stride_tricks.as_strided)
