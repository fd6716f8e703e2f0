"""What the checks of exercises are made of: a value beside the expected one, and what differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinyae.checking.factors import constant_factor, factor_words, permuted
from tinyae.checking.report import Finding

__all__ = ["expect", "expect_true"]


def expect(
    name: str, got: Any, wanted: Any, hint: str = "", tolerance: float = 1e-6
) -> Iterator[Finding]:
    """A finding if what the student's code gave is not what was expected.

    Parameters
    ----------
    name : str
        What it is, such as ``"y"`` or ``"the loss"``.
    got, wanted : array or number
    hint : str
        A sentence for the case that no usual mistake explains the difference.
    tolerance : float
        Relative to the largest number that was expected.
    """
    wanted = np.asarray(wanted)
    if got is None:
        message = f"expected {_words(wanted)}, got None: is `return` missing?"
        yield Finding(name, "wrong-shape", message)
        return
    try:
        got = np.asarray(got)
    except Exception:  # whatever a student's object can do
        yield Finding(name, "wrong-shape", f"expected {_words(wanted)}, got {type(got).__name__}")
        return
    if got.dtype.kind not in "fiub" or got.shape != wanted.shape:
        given = _words(got) if got.dtype.kind in "fiub" else type(got.item(0)).__name__
        yield Finding(name, "wrong-shape", f"expected {_words(wanted)}, got {given}")
        return
    got = got.astype("float64")
    gap = np.abs(got - wanted)
    if np.isfinite(got).all() and gap.max(initial=0) <= tolerance * max(1.0, np.abs(wanted).max()):
        return
    yield _difference(name, got, wanted.astype("float64"), hint)


def expect_true(name: str, holds: Any, mistake: str, message: str) -> Iterator[Finding]:
    """A finding with this code and message unless something holds."""
    if not holds:
        yield Finding(name, mistake, message)


def _difference(name: str, got: np.ndarray, wanted: np.ndarray, hint: str) -> Finding:
    if not np.isfinite(got).all():
        bad = int((~np.isfinite(got)).sum())
        ending = f"; {hint}" if hint else ""
        message = f"{bad} of {got.size} numbers are NaN or infinite{ending}"
        return Finding(name, "not-finite", message)
    gap = np.abs(got - wanted)
    place = tuple(int(i) for i in np.unravel_index(int(gap.argmax()), gap.shape))
    where = f"at {place} expected" if place else "expected"
    seen = f"{where} {wanted[place]:.6g}, got {got[place]:.6g}"
    code, cause = _cause(got, wanted)
    ending = "; ".join(part for part in (cause, hint) if part)
    numbers = float(got[place]), float(wanted[place])
    return Finding(name, code, f"{seen}{'; ' if ending else ''}{ending}", place, *numbers)


def _cause(got: np.ndarray, wanted: np.ndarray) -> tuple[str, str]:
    if not got.any():
        return "zero", "all of it is 0"
    factor = constant_factor(got, wanted)
    if factor is not None and got.size > 1:
        code = "sign" if abs(factor + 1) < 1e-5 else "scaled"
        return code, f"everywhere {factor_words(factor)}"
    if got.ndim == 2 and got.shape[0] == got.shape[1] and np.allclose(got, wanted.T):
        return "transposed", "it is transposed"
    if got.size > 1 and np.ptp(got - wanted) < 1e-6 * np.abs(wanted).max():
        return "shifted", f"everywhere it is off by {float((got - wanted).mean()):.4g}"
    if permuted(got, wanted):
        return "channel-mixup", "the right values, in the wrong places"
    return "unknown", ""


def _words(array: np.ndarray) -> str:
    return f"an array {array.shape}" if array.ndim else "one number"
