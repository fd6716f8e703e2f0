"""Formulas as text and as MathML."""

import xml.etree.ElementTree as ElementTree

import pytest

from tinyae.stepping.formulas import COMPUTATIONS, PRIORS
from tinyae.stepping.notation import Formula

NOTATIONS = [
    *(n for known in COMPUTATIONS.values() for n in (*known.forward, *known.backward)),
    *(n for prior in PRIORS.values() for n in prior),
]


@pytest.mark.parametrize(
    ("notation", "text"),
    [
        ("y = x W^⊤ + b", "y = x Wᵀ + b"),
        ("\\d{x} = \\d{y} W", "dL/dx = dL/dy W"),
        ("\\d{b_i} = ∑_{n} \\d{y_{ni}}", "dL/db_i = ∑_n dL/dy_ni"),
        ("\\frac{x − μ}{\\sqrt{σ^2 + ε}}", "(x − μ) / (√(σ² + ε))"),
        ("x_{nc,si+u}", "x_[nc,si+u]"),
        ("1 − β_1^t", "1 − β_1ᵗ"),
    ],
)
def test_as_text(notation, text):
    assert Formula(notation).text == text


def test_as_mathml():
    assert Formula("y_{ni} = \\frac{1}{2}").mathml == (
        '<math display="block"><mrow>'
        "<msub><mrow><mi>y</mi></mrow><mrow><mi>n</mi><mi>i</mi></mrow></msub>"
        '<mspace width="0.17em"></mspace><mo>=</mo><mspace width="0.17em"></mspace>'
        "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>"
        "</mrow></math>"
    )


@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_formula_is_well_formed(notation):
    formula = Formula(notation)
    ElementTree.fromstring(formula.mathml)
    assert not set("\\{}") & set(formula.text)


def test_words_are_shown_as_they_are_and_never_run():
    formula = Formula("y = <script>alert(1)</script> {x}", words=True)
    assert formula.text == "y = <script>alert(1)</script> {x}"
    assert formula.mathml == "<p>y = &lt;script&gt;alert(1)&lt;/script&gt; {x}</p>"
