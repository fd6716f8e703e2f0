"""What a person reads."""

from __future__ import annotations

import numpy as np

import tinyae as ta
from tests.checking.faulty import Overwrites, with_wrong_element
from tinyae.checking import Finding, Report, gradcheck

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


def test_a_report_that_passed():
    report = gradcheck(ta.Linear(3, 2), X)
    title, _, header, *rows = str(report).splitlines()
    assert title == "gradcheck of Linear(3, 2), input (4, 3), seed 0: passed"
    assert header.split() == [
        "tensor",
        "shape",
        "compared",
        "relative",
        "error",
        "at",
        "analytic",
        "numerical",
    ]
    assert [row.split()[0] for row in rows] == ["input", "weight", "bias"]
    assert "12 of 12" in rows[0]
    assert all(row.endswith("ok") for row in rows)
    assert report.findings == report.warnings == report.kinks == []


def test_the_columns_stand_under_their_headings():
    rows = str(gradcheck(ta.Linear(3, 2), X)).splitlines()[2:]
    for heading in ("shape", "compared", "at"):
        start = rows[0].index(f" {heading} ") + 1
        assert all(row[start - 1] == " " and row[start] != " " for row in rows[1:])


def test_a_report_that_failed():
    report = gradcheck(with_wrong_element(ta.Linear(3, 2), "weight", (1, 2)), X, seed=4)
    text = str(report)
    assert text.startswith("gradcheck of Linear(3, 2), input (4, 3), seed 4: FAILED, 1 finding\n")
    assert [line.endswith("WRONG") for line in text.splitlines()[3:6]] == [False, True, False]
    finding = report.findings[0]
    message = " ".join(text[text.index("- weight") :].split())
    assert message == f"- weight: unknown: {finding.message}"
    assert f"at (1, 2) backward gives {finding.analytic:.9g}" in message
    assert f"the numerical derivative is {finding.numerical:.9g}" in message
    assert "(relative error 1.0e-03); 1 of 6 elements disagree" in message


def test_long_messages_are_broken_into_lines():
    text = str(gradcheck(Overwrites(), X))
    assert max(map(len, text.splitlines())) <= 100
    assert "\n- weight: overwritten: " in text
    assert "\n  " in text[text.index("- weight") :]


def test_repr_is_the_table_too():
    report = gradcheck(ta.Tanh(), X)
    assert repr(report) == str(report)


def test_kinks_are_told_once_a_tensor_with_their_number():
    text = str(gradcheck(ta.ReLU(), np.zeros((2, 3))))
    assert "only kinks" in text
    assert text.count("kink at") == 1
    assert "- input: kink at (0, 0) (the first of 6): no mistake: not differentiable here" in text


def test_warnings_and_kinks_do_not_fail():
    report = Report("a layer", warnings=["dy is all ones"])
    assert report.passed
    assert str(report) == "gradcheck of a layer: passed\n\n- warning: dy is all ones"
    report.findings.append(Finding("input", "zero", "never written"))
    assert not report.passed
    assert "- input: zero: never written" in str(report)
