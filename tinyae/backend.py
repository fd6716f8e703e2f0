"""Which array module an array belongs to, and where random numbers come from.

Every computation of the package asks the array itself: ``xp = array_module(x)`` is NumPy for
a NumPy array and CuPy for a CuPy array, and ``xp.exp(x)`` runs where ``x`` lives. Swapping the
backend is therefore nothing but handing in other arrays.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import importlib.util
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinyae.errors import TinyaeError

__all__ = [
    "all_finite",
    "array_module",
    "backend_name",
    "default_module",
    "fixed_seed",
    "generator_for",
    "generator_states",
    "get_module",
    "host_generator",
    "register_backend",
    "restore_generators",
    "seed",
    "supplied_by",
    "to_numpy",
    "use",
    "using",
]

Array = Any
"""An n-dimensional array of any backend."""

HOST = (np.ndarray, np.generic)

_modules: dict[str, Any] = {"numpy": np}
_names: dict[Any, str] = {np: "numpy"}
_default: Any = np
_seed: int | None = None
_generators: dict[str, Any] = {"numpy": np.random.Generator(np.random.SFC64())}


def register_backend(name: str, module: Any) -> None:
    """Make a further array module known.

    Parameters
    ----------
    name : str
        What ``ta.use(name)`` and ``layer.to(name)`` will call it.
    module : module
        Offers NumPy's functions and an array class called ``ndarray``.
    """
    _modules[name] = module
    _names[module] = name


def _load_cupy() -> Any:
    """Import CuPy and make sure that a GPU answers: two questions, two answers."""
    if importlib.util.find_spec("cupy") is None:
        raise TinyaeError(
            "backend 'cupy': CuPy is not installed; pip install 'tinyae[gpu]' provides it "
            "(it needs an NVIDIA GPU), or stay with ta.use('numpy')"
        )
    try:
        cupy = importlib.import_module("cupy")
        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as reason:  # CuPy raises its own, not importable, error classes
        raise TinyaeError(
            "backend 'cupy': CuPy is installed, but it cannot reach a GPU "
            f"({type(reason).__name__}: {reason}); check the driver with nvidia-smi, "
            "or stay with ta.use('numpy')"
        ) from reason
    if count == 0:
        raise TinyaeError(
            "backend 'cupy': CuPy is installed, but this machine shows it 0 GPUs; "
            "stay with ta.use('numpy')"
        )
    return cupy


def get_module(name: str) -> Any:
    """The array module called ``name``, imported on first use.

    Raises
    ------
    TinyaeError
        For an unknown name, for CuPy that is not installed, and for CuPy without a GPU.
    """
    if not isinstance(name, str):
        raise TinyaeError(f"backend: expected a name, got {type(name).__name__}")
    if name == "cupy" and name not in _modules:
        register_backend(name, _load_cupy())
    if name not in _modules:
        known = ", ".join(sorted({"cupy", *_modules}))
        raise TinyaeError(f"backend: expected one of {known}, got {name!r}")
    return _modules[name]


def use(name: str) -> None:
    """Choose the backend that new layers put their weights on: ``"numpy"`` or ``"cupy"``."""
    global _default
    _default = get_module(name)


@contextlib.contextmanager
def using(name: str) -> Iterator[None]:
    """``use(name)`` inside the block; after it the choice is what it was."""
    global _default
    before = _default
    use(name)
    try:
        yield
    finally:
        _default = before


def default_module() -> Any:
    """The array module that ``ta.use`` chose (NumPy at the start)."""
    return _default


def _module_of(array: Any) -> Any:
    if isinstance(array, HOST):
        return np
    for module in _modules.values():
        if isinstance(array, module.ndarray):
            return module
    if type(array).__module__.partition(".")[0] == "cupy":
        return get_module("cupy")
    raise TinyaeError(f"expected a NumPy or CuPy array, got {type(array).__name__}")


def array_module(*arrays: Array) -> Any:
    """The module whose functions compute on these arrays.

    Raises
    ------
    TinyaeError
        When one of them is no array, or when they live on different backends.
    """
    module = None
    for array in arrays:
        its_own = np if type(array) is np.ndarray else _module_of(array)
        if module is None:
            module = its_own
        elif its_own is not module:
            raise TinyaeError(
                f"arrays of two backends mixed: {_names[module]} and {_names[its_own]}; move the "
                "data with ta.to_numpy(x) or cupy.asarray(x), or the model with "
                "model.to('numpy') or model.to('cupy')"
            )
    return module


def all_finite(array: Array) -> bool:
    """Whether no number is NaN or infinite.

    The sum of squares tells, in less time than looking at each (``tinyae bench --steps``); where
    numbers are so large that it overflows, each is looked at.
    """
    flat = array.ravel()
    with np.errstate(all="ignore"):
        if flat.dot(flat) < math.inf:
            return True
    return bool(array_module(array).isfinite(array).all())


def backend_name(array: Array) -> str:
    """The name of the backend that an array lives on, such as ``"numpy"``."""
    return _names[_module_of(array)]


def to_numpy(array: Any) -> np.ndarray:
    """Bring an array to the host.

    Parameters
    ----------
    array : NumPy or CuPy array, or a CPU tensor of another package
        CuPy arrays are copied from the device; whatever NumPy can view is not copied.
    """
    if hasattr(array, "detach"):
        array = array.detach()
    if hasattr(array, "get") and not isinstance(array, np.ndarray | dict):
        array = array.get()
    return np.asarray(array)


def seed(n: int) -> None:
    """Restart the package's random numbers: the same seed gives the same run, to the bit.

    Raises
    ------
    TinyaeError
        For anything but an integer of at least 0.
    """
    global _seed
    if not isinstance(n, int | np.integer) or n < 0:
        raise TinyaeError(f"seed: expected an integer of at least 0, got {n!r}")
    _seed = int(n)
    _generators.clear()
    _generators["numpy"] = np.random.Generator(np.random.SFC64(_seed))


def host_generator() -> np.random.Generator:
    """The package's NumPy generator: initial weights, the order of batches."""
    return _generators["numpy"]


def generator_for(array: Array) -> Any:
    """The package's generator on the backend of ``array``: noise is drawn where it is used."""
    name = backend_name(array)
    if name not in _generators:
        device_seed = _seed if _seed is not None else int(host_generator().integers(2**31))
        _generators[name] = _modules[name].random.default_rng(device_seed)
    return _generators[name]


def generator_states() -> dict[str, Any]:
    """Where the package's generators stand, by backend; only NumPy's can tell."""
    return {"numpy": host_generator().bit_generator.state}


def restore_generators(states: dict[str, Any]) -> None:
    """Let the package's generators go on from where they stood.

    Those of a device, which cannot tell where they stand, start anew from a seed that the
    NumPy generator's state decides.
    """
    generator = np.random.Generator(np.random.SFC64())
    generator.bit_generator.state = states["numpy"]
    for name in _generators.keys() - {"numpy"}:
        device_seed = int(copy.deepcopy(generator).integers(2**31))
        _generators[name] = _modules[name].random.default_rng(device_seed)
    _generators["numpy"].bit_generator.state = states["numpy"]


@contextlib.contextmanager
def fixed_seed(n: int) -> Iterator[None]:
    """Draw from seed ``n`` inside the block and go on as if nothing had been drawn after it."""
    global _seed
    before, generators = _seed, dict(_generators)
    try:
        seed(n)
        yield
    finally:
        _seed = before
        _generators.clear()
        _generators.update(generators)


@contextlib.contextmanager
def supplied_by(module: Any, generator: Any) -> Iterator[None]:
    """Layers made inside the block take their arrays and their first weights from these two.

    Parameters
    ----------
    module : object
        Stands in for the array module in use.
    generator : object
        Stands in for ``host_generator()``.
    """
    global _default
    before, generators = _default, dict(_generators)
    _default, _generators["numpy"] = module, generator
    try:
        yield
    finally:
        _default = before
        _generators.clear()
        _generators.update(generators)
