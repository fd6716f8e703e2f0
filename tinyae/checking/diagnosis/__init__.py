"""Which mistake explains a wrong gradient.

Each hypothesis is a function of the evidence that gives a code and a sentence, or None. They
are tried from the most specific to the most general, and the first that explains every element
is the diagnosis.
"""

from __future__ import annotations

from tinyae.backend import Array
from tinyae.checking.diagnosis.batch import averaged, one_position, one_sample, wrong_axes
from tinyae.checking.diagnosis.derivative import (
    at_output,
    factor_forgotten,
    mask,
    passes_through,
    way_around_forgotten,
    window_mask,
)
from tinyae.checking.diagnosis.evidence import Diagnosis, Evidence, equal
from tinyae.checking.diagnosis.places import mixed_up, transposed, transposed_factor
from tinyae.checking.diagnosis.scale import partly_zero, scaled, scaled_by_feature, zero
from tinyae.checking.diagnosis.statistics import missing_statistics, only_own_output
from tinyae.checking.diagnosis.windows import overlap, shifted, unpadded
from tinyae.checking.probe import Probe

__all__ = ["HYPOTHESES", "Diagnosis", "Evidence", "diagnose", "explain"]

HYPOTHESES = (
    zero,
    mask,
    passes_through,
    way_around_forgotten,
    averaged,
    scaled,
    one_sample,
    one_position,
    wrong_axes,
    factor_forgotten,
    at_output,
    missing_statistics,
    transposed,
    transposed_factor,
    overlap,
    window_mask,
    unpadded,
    shifted,
    mixed_up,
    only_own_output,
    partly_zero,
    scaled_by_feature,
)


def diagnose(probe: Probe, name: str, given: Array, expected: Array) -> Diagnosis | None:
    """The first hypothesis that explains what backward gave.

    Parameters
    ----------
    probe : Probe
        The layer at the point of the comparison.
    name : str
        Of the tensor.
    given, expected : array
        What backward gave, and the numerical gradient; they differ.

    Returns
    -------
    (str, str) or None
        The code and a sentence.
    """
    return explain(Evidence(probe, name, given, expected))


def explain(evidence: Evidence) -> Diagnosis | None:
    """The same for evidence of any kind."""
    if equal(evidence.given, evidence.expected):
        return None  # only elements are wrong that are small beside the largest
    found = (hypothesis(evidence) for hypothesis in HYPOTHESES)
    return next((diagnosis for diagnosis in found if diagnosis), None)
