"""Which module an array belongs to, what is refused, and where random numbers come from."""

import importlib.machinery
import sys
import types

import numpy as np
import pytest

import tinyae as ta
from tests import strict_array
from tinyae import backend


def fake_cupy(count):
    """A module that imports like CuPy, on a machine where ``count()`` GPUs answer."""
    cupy = types.ModuleType("cupy")
    cupy.__spec__ = importlib.machinery.ModuleSpec("cupy", None)
    cupy.cuda = types.SimpleNamespace(runtime=types.SimpleNamespace(getDeviceCount=count))
    cupy.ndarray = type("ndarray", (), {"__module__": "cupy"})
    return cupy


@pytest.fixture
def install(monkeypatch):
    """Put a module, or None for nothing, in CuPy's place."""
    monkeypatch.setattr(backend, "_modules", {"numpy": np})

    def put(module):
        monkeypatch.setitem(sys.modules, "cupy", module)
        return module

    return put


def driver_missing():
    raise RuntimeError("cudaErrorInsufficientDriver")


def test_cupy_that_is_not_installed(install):
    install(None)
    with pytest.raises(ta.TinyaeError) as caught:
        ta.use("cupy")
    assert str(caught.value) == (
        "backend 'cupy': CuPy is not installed; pip install 'tinyae[gpu]' provides it "
        "(it needs an NVIDIA GPU), or stay with ta.use('numpy')"
    )


def test_cupy_without_a_driver(install):
    install(fake_cupy(driver_missing))
    with pytest.raises(ta.TinyaeError) as caught:
        ta.use("cupy")
    assert str(caught.value) == (
        "backend 'cupy': CuPy is installed, but it cannot reach a GPU (RuntimeError: "
        "cudaErrorInsufficientDriver); check the driver with nvidia-smi, or stay with "
        "ta.use('numpy')"
    )


def test_cupy_without_a_gpu(install):
    install(fake_cupy(lambda: 0))
    with pytest.raises(ta.TinyaeError) as caught:
        ta.Linear(2, 3).to("cupy")
    assert str(caught.value) == (
        "backend 'cupy': CuPy is installed, but this machine shows it 0 GPUs; "
        "stay with ta.use('numpy')"
    )


def test_a_refused_backend_changes_nothing(install):
    install(None)
    for name in ("cupy", "jax"):
        with pytest.raises(ta.TinyaeError):
            ta.use(name)
        assert backend.default_module() is np


def test_cupy_with_a_gpu(install):
    cupy = install(fake_cupy(lambda: 1))
    ta.use("cupy")
    assert backend.default_module() is cupy
    assert ta.array_module(cupy.ndarray()) is cupy
    assert backend.backend_name(cupy.ndarray()) == "cupy"


def test_cupy_is_known_by_its_arrays_alone(install):
    """Somebody may hand in a CuPy array without ever having called ``ta.use``."""
    cupy = install(fake_cupy(lambda: 1))
    assert ta.array_module(cupy.ndarray()) is cupy


def test_an_unknown_backend(install):
    with pytest.raises(ta.TinyaeError) as caught:
        ta.use("jax")
    assert str(caught.value) == "backend: expected one of cupy, numpy, got 'jax'"


def test_new_layers_live_on_the_backend_in_use(strict):
    ta.use("strict")
    assert ta.array_module(ta.Linear(2, 3).weight.value) is strict
    ta.use("numpy")
    assert ta.array_module(ta.Linear(2, 3).weight.value) is np


def test_using_is_for_a_block_only(strict):
    with backend.using("strict"):
        assert backend.default_module() is strict
    assert backend.default_module() is np
    with pytest.raises(KeyError), backend.using("strict"):
        fail()
    assert backend.default_module() is np


def test_supplied_by_is_for_a_block_only(strict):
    """What ``files`` builds a model with, when its weights come from elsewhere anyway."""

    class Half:
        def uniform(self, low, high, size):
            return np.full(size, 0.5)

    expected = draws()
    ta.seed(0)
    with backend.supplied_by(strict, Half()):
        layer = ta.Linear(2, 3)
    assert ta.array_module(layer.weight.value) is strict
    np.testing.assert_array_equal(ta.to_numpy(layer.weight.value), 0.5)
    assert_same(draws(), expected)


def test_array_module(strict):
    one, other = np.ones(2), strict.ones(2)
    assert ta.array_module(one, np.float32(3)) is np
    assert ta.array_module(other, other) is strict
    for mixed, names in (((one, other), "numpy and strict"), ((other, one), "strict and numpy")):
        with pytest.raises(ta.TinyaeError) as caught:
            ta.array_module(*mixed)
        assert str(caught.value) == (
            f"arrays of two backends mixed: {names}; move the data with ta.to_numpy(x) or "
            "cupy.asarray(x), or the model with model.to('numpy') or model.to('cupy')"
        )


@pytest.mark.parametrize("thing", [[1.0, 2.0], 3.0, "text", None])
def test_what_is_no_array(thing):
    with pytest.raises(ta.TinyaeError) as caught:
        ta.array_module(thing)
    assert str(caught.value) == f"expected a NumPy or CuPy array, got {type(thing).__name__}"


def test_to_numpy(strict):
    given = np.arange(6.0).reshape(2, 3)
    assert ta.to_numpy(given) is given
    assert isinstance(ta.to_numpy(strict.asarray(given)), np.ndarray)
    np.testing.assert_array_equal(ta.to_numpy(strict.asarray(given)), given)
    np.testing.assert_array_equal(ta.to_numpy([1, 2]), [1, 2])


def test_to_numpy_of_a_tensor_that_is_learnt():
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'tinyae[parity]'")
    np.testing.assert_array_equal(ta.to_numpy(torch.ones(2, requires_grad=True)), [1, 1])


def draws(where=np):
    """Numbers from everywhere that the package draws from."""
    layer, like = ta.Linear(3, 2), where.zeros(1)
    noise = [backend.generator_for(like).standard_normal((2, 2)) for _ in range(2)]
    return [layer.weight.value, layer.bias.value, *map(ta.to_numpy, noise)]


def assert_same(ours, expected):
    for one, other in zip(ours, expected, strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("where", [np, strict_array], ids=["numpy", "strict"])
def test_the_same_seed_gives_the_same_bits(where, strict):
    ta.seed(5)
    first, more = draws(where), draws(where)
    ta.seed(5)
    assert_same(draws(where), first)
    assert (more[0] != first[0]).all()
    ta.seed(6)
    assert (draws(where)[0] != first[0]).all()
    assert (draws(where)[-1] != first[-1]).all()


@pytest.mark.parametrize("where", [np, strict_array], ids=["numpy", "strict"])
def test_fixed_seed_leaves_no_trace(where, strict):
    ta.seed(5)
    draws(where)
    expected = draws(where)
    ta.seed(5)
    draws(where)
    with backend.fixed_seed(1):
        inside = draws(where)
    assert_same(draws(where), expected)
    with backend.fixed_seed(1):
        assert_same(draws(where), inside)


def fail():
    raise KeyError


def test_fixed_seed_leaves_no_trace_of_a_failure_either():
    expected = draws()
    ta.seed(0)
    with pytest.raises(KeyError), backend.fixed_seed(1):
        fail()
    assert_same(draws(), expected)


def test_without_a_seed_a_device_is_seeded_from_the_host(strict, monkeypatch):
    monkeypatch.setattr(backend, "_seed", None)
    monkeypatch.setattr(backend, "_generators", {"numpy": np.random.default_rng(8)})
    first = draws(strict)
    monkeypatch.setattr(backend, "_generators", {"numpy": np.random.default_rng(8)})
    assert_same(draws(strict), first)
    monkeypatch.setattr(backend, "_generators", {"numpy": np.random.default_rng(9)})
    assert (draws(strict)[-1] != first[-1]).all()


@pytest.mark.parametrize("number", [-1, 1.5, "1", None])
def test_a_seed_that_is_none_changes_nothing(number):
    ta.seed(5)
    expected = draws()
    ta.seed(5)
    with pytest.raises(ta.TinyaeError) as caught:
        ta.seed(number)
    assert str(caught.value) == f"seed: expected an integer of at least 0, got {number!r}"
    assert_same(draws(), expected)
