"""An array module for tests whose arrays refuse NumPy, as CuPy's do, but need no GPU.

``ta.array_module(x)`` of such an array is this module. Only what the module itself offers works
on it; a function called as ``np.f(x)``, arithmetic with a NumPy array or scalar, and every
silent way back to NumPy raise ``TypeError``. All names offered here exist in CuPy too.
"""

from __future__ import annotations

import functools
import operator
from types import SimpleNamespace
from typing import Any

import numpy as np

FUNCTIONS = """
    abs all any arange argmax argmin argsort atleast_1d broadcast_to clip concatenate copyto
    cumsum diff divide dot einsum empty empty_like exp expand_dims expm1 eye full full_like
    isfinite isinf isnan linspace
    log log1p matmul max maximum mean min minimum moveaxis ones ones_like outer prod ravel repeat
    reshape result_type sign sqrt square squeeze stack std sum swapaxes take_along_axis tanh
    tensordot transpose tril triu var where zeros zeros_like
"""

METHODS = """
    all any argmax argmin argsort astype clip copy cumsum dot fill flatten item max mean min prod
    ravel repeat reshape squeeze std sum swapaxes take tolist transpose var
"""

REFLECTED = "add and floordiv matmul mod mul or pow sub truediv xor"
OTHER = "abs eq ge gt invert le lt ne neg pos"


def _unwrap(value: Any) -> Any:
    """What NumPy is to compute with; a NumPy array here has been mixed in."""
    if isinstance(value, ndarray):
        return value._host
    if isinstance(value, np.ndarray | np.generic):
        raise TypeError(f"strict arrays and {type(value).__name__} of NumPy do not mix")
    if isinstance(value, tuple | list):
        return type(value)(map(_unwrap, value))
    return value


def _wrap(result: Any) -> Any:
    """What NumPy computed; numbers too, which like CuPy's are arrays without axes."""
    if isinstance(result, np.ndarray | np.generic):
        return ndarray(np.asarray(result))
    return tuple(map(_wrap, result)) if isinstance(result, tuple) else result


def _strict(function: Any) -> Any:
    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        keywords = {name: _unwrap(value) for name, value in kwargs.items()}
        return _wrap(function(*map(_unwrap, args), **keywords))

    return wrapped


class ndarray:
    """A NumPy array locked away; ``get()`` copies it out, as from a device."""

    __array_ufunc__ = None
    __hash__ = None

    def __init__(self, host: np.ndarray) -> None:
        self._host = host

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise TypeError("implicit conversion of a strict array to a NumPy array")

    def __array_function__(self, function: Any, *_: Any) -> Any:
        raise TypeError(f"np.{function.__name__} called on a strict array")

    def get(self) -> np.ndarray:
        return self._host.copy()

    def __getitem__(self, key: Any) -> ndarray:
        return _wrap(self._host[_unwrap(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        self._host[_unwrap(key)] = _unwrap(value)

    def __len__(self) -> int:
        return len(self._host)

    def __bool__(self) -> bool:
        return bool(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def __float__(self) -> float:
        return float(self._number())

    def _number(self) -> Any:
        if self._host.ndim:
            raise TypeError(f"a strict array of shape {self.shape} is no single number")
        return self._host

    def __repr__(self) -> str:
        return f"strict {self._host!r}"


def _in_place(operation: Any) -> Any:
    def changed(self: ndarray, other: Any) -> ndarray:
        operation(self._host, _unwrap(other))
        return self

    return changed


for _name in ["shape", "dtype", "ndim", "size", "itemsize", "nbytes", "strides"]:
    setattr(ndarray, _name, property(operator.attrgetter(f"_host.{_name}")))
ndarray.T = property(lambda self: _wrap(self._host.T))
for _name in METHODS.split():
    setattr(ndarray, _name, _strict(getattr(np.ndarray, _name)))
for _name in f"{REFLECTED} {OTHER}".split():
    setattr(ndarray, f"__{_name}__", _strict(getattr(np.ndarray, f"__{_name}__")))
for _name in REFLECTED.split():
    setattr(ndarray, f"__r{_name}__", _strict(getattr(np.ndarray, f"__r{_name}__")))
    setattr(ndarray, f"__i{_name}__", _in_place(getattr(operator, f"i{_name}")))
for _name in FUNCTIONS.split():
    globals()[_name] = _strict(getattr(np, _name))

float32, float64, int64, newaxis, inf, pi = np.float32, np.float64, np.int64, None, np.inf, np.pi


def array(value: Any, dtype: Any = None) -> ndarray:
    """A new array; like CuPy's, this is one of two functions that take NumPy arrays."""
    return ndarray(np.array(value._host if isinstance(value, ndarray) else value, dtype=dtype))


def asarray(value: Any, dtype: Any = None) -> ndarray:
    """The array itself if it is one already; data from the host are copied, as to a device."""
    if isinstance(value, ndarray) and dtype in (None, value.dtype):
        return value
    return array(value, dtype)


class HostGenerator:
    """Draws on the host what NumPy's generator of this seed would, and moves it."""

    def __init__(self, asarray: Any, seed: int | None) -> None:
        self._asarray, self._generator = asarray, np.random.Generator(np.random.SFC64(seed))

    def random(self, size: Any, dtype: Any = "float64") -> Any:
        return self._asarray(self._generator.random(size, dtype=dtype))

    def standard_normal(self, size: Any, dtype: Any = "float64") -> Any:
        return self._asarray(self._generator.standard_normal(size, dtype=dtype))


lib = SimpleNamespace(
    stride_tricks=SimpleNamespace(as_strided=_strict(np.lib.stride_tricks.as_strided))
)
random = SimpleNamespace(default_rng=functools.partial(HostGenerator, asarray))
