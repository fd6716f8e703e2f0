"""The zoo: every mutant is caught, and nearly all are called by their name."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.zoo import ZOO, Mutant, __main__
from tinyae.checking import Report


@pytest.mark.parametrize("mutant", ZOO, ids=str)
def test_a_mutant_is_given_its_code_and_no_other(mutant: Mutant):
    assert mutant.given() == [mutant.expected]


def test_the_zoo_is_large_and_no_cage_is_empty():
    cages = Counter(mutant.cage for mutant in ZOO)
    assert len(ZOO) >= 60
    assert min(cages.values()) >= 5, cages
    assert len(cages) == 9


CODES = """
    scaled transposed wrong-shape zero passes-upstream-through missing-batch-sum overwritten
    overlap-overwritten missing-mask derivative-at-output missing-statistics-terms channel-mixup
    padding-offset mutates-input mutates-upstream not-finite depends-on-state
    forward-inconsistent unknown
"""


def test_there_is_a_mutant_for_every_code():
    assert set(CODES.split()) <= {mutant.expected for mutant in ZOO}


def test_most_mutants_have_a_name():
    unnamed = [mutant for mutant in ZOO if mutant.expected == "unknown"]
    assert len(unnamed) <= 0.08 * len(ZOO)


def test_the_table(capsys, monkeypatch):
    right = Mutant("cage", "nothing wrong", "scaled", lambda: Report("a layer"))
    monkeypatch.setattr(__main__, "ZOO", [*ZOO[:3], right])
    __main__.main()
    *rows, _, totals = capsys.readouterr().out.splitlines()
    assert [row.endswith("MISSED") for row in rows] == [False] * 4 + [True]
    assert totals.startswith("4 mutants, 3 caught (75.0%), 3 given the right code")
