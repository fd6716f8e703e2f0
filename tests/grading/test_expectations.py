"""A value beside the expected one: what differs is named."""

import numpy as np
import pytest

from tinyae.grading import expect, expect_true

A = np.arange(1.0, 7.0).reshape(2, 3)
S = np.arange(1.0, 10.0).reshape(3, 3) ** 2


def code(got, wanted):
    findings = list(expect("y", got, wanted, "the hint"))
    return findings[0].mistake if findings else None


@pytest.mark.parametrize(
    ("got", "wanted", "mistake"),
    [
        (A, A, None),
        (A.tolist(), A, None),
        (A + 1e-9, A, None),
        (A.astype("float32"), A, None),
        (A + 1e-4, A, "shifted"),
        (2 * A, A, "scaled"),
        (-A, A, "sign"),
        (0 * A, A, "zero"),
        (S.T, S, "transposed"),
        (A[::-1], A, "channel-mixup"),
        (A**2, A, "unknown"),
        (A * np.inf, A, "not-finite"),
        (A.T, A, "wrong-shape"),
        (A[0], A, "wrong-shape"),
        (None, A, "wrong-shape"),
        ("no", 1.0, "wrong-shape"),
        ([[1], [1, 2]], A, "wrong-shape"),
        (2.0, 1.0, "unknown"),
        (1.0, 1.0, None),
    ],
)
def test_the_difference_is_named(got, wanted, mistake):
    assert code(got, wanted) == mistake


def test_the_factor_and_the_hint_are_in_the_message():
    (finding,) = expect("y", A / 6, A, "the hint")
    assert "1/6 of what it should be" in finding.message
    assert finding.message.endswith("the hint")
    assert (finding.analytic, finding.numerical) == (1.0, 6.0)


def test_one_number_off_is_found_where_it_is():
    got = A.copy()
    got[1, 2] += 0.1
    (finding,) = expect("y", got, A)
    assert finding.location == (1, 2)
    assert "at (1, 2) expected 6, got 6.1" in finding.message


def test_a_condition():
    assert list(expect_true("y", True, "code", "words")) == []
    (finding,) = expect_true("y", False, "code", "words")
    assert (finding.tensor, finding.mistake, finding.message) == ("y", "code", "words")
