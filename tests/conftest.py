"""What all tests share: a fresh start for each, and the backends other than NumPy."""

import signal

import pytest

import tinyae as ta
from tests import browser, fake_images, strict_array
from tinyae import backend as backends
from tinyae.errors import TinyaeError

signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background ignores Ctrl-C


@pytest.fixture(autouse=True)
def _fresh_start():
    """Each test draws from seed 0, and the next one finds NumPy in use."""
    ta.seed(0)
    yield
    ta.use("numpy")


@pytest.fixture
def strict(monkeypatch):
    """The backend whose arrays refuse NumPy, known as ``"strict"``."""
    monkeypatch.setattr(backends, "_modules", dict(backends._modules))
    backends.register_backend("strict", strict_array)
    return strict_array


@pytest.fixture
def cupy(monkeypatch):
    """CuPy with a GPU, drawing the random numbers that NumPy would draw."""
    try:
        module = backends.get_module("cupy")
    except TinyaeError as reason:
        pytest.skip(str(reason))
    draw = strict_array.HostGenerator
    monkeypatch.setattr(module.random, "default_rng", lambda seed: draw(module.asarray, seed))
    return module


@pytest.fixture(params=["strict", pytest.param("cupy", marks=pytest.mark.gpu)])
def backend(request):
    """The name of a backend other than NumPy."""
    request.getfixturevalue(request.param)
    return request.param


@pytest.fixture(scope="session")
def fake_root(tmp_path_factory):
    return fake_images.write(tmp_path_factory.mktemp("fake"), "mnist", "kmnist")


@pytest.fixture
def fake_data(fake_root, monkeypatch):
    """``mnist`` and ``kmnist`` are 300 easy images."""
    monkeypatch.setenv("TINYAE_DATA", str(fake_root))
    return fake_root


@pytest.fixture(scope="module")
def visit():
    """Opens pages in Chromium; see ``tests/browser.py``."""
    with browser.running() as chromium:
        yield browser.visitor(chromium)
