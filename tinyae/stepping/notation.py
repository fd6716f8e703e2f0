"""Formulas written once, in a little language, and shown twice: as text and as MathML.

The language is TeX's, as far as the layers need it: ``x_{ni}``, ``σ^2``, ``\\frac{a}{b}``,
``\\sqrt{a}``, ``\\hat{x}``, ``\\bar{x}`` for a mean, and ``\\d{x}`` for ∂L/∂x. Everything else
is Unicode: ``∑_{n}``, ``·``, ``ε``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

__all__ = ["Formula"]

TOKEN = re.compile(r"\\[a-z]+|[A-Za-z]+[′]*|\d[\d.]*|\s+|.")
SUPERSCRIPTS = {"⊤": "ᵀ", "2": "²", "t": "ᵗ", "−1": "⁻¹"}
STRETCHED = {"(": "false", ")": "false", "[": "false", "]": "false", "|": "false"}

Node = tuple[str, list]
"""A kind and its parts: strings for leaves, lists of nodes for the rest."""


@dataclass(frozen=True)
class Formula:
    """One line of mathematics, or of words where no formula is known.

    Attributes
    ----------
    notation : str
        In the language of this module.
    words : bool
        Whether it is a sentence, to be shown as it is.
    """

    notation: str
    words: bool = False

    @property
    def text(self) -> str:
        """On one line of a terminal: ``dL/dx = dL/dy W``."""
        if self.words:
            return self.notation
        return re.sub(r" +", " ", _text(_parse(self.notation))).strip()

    @property
    def mathml(self) -> str:
        """As a ``<math>`` element, which browsers typeset themselves; markup is escaped."""
        if self.words:
            return f"<p>{escape(self.notation)}</p>"
        row = "".join(map(_mathml, _parse(self.notation)))
        return f'<math display="block"><mrow>{row}</mrow></math>'


def _parse(notation: str) -> list[Node]:
    return _row(iter(TOKEN.findall(notation)))


def _row(tokens: Iterator[str]) -> list[Node]:
    """Nodes up to the brace that closes the group, or to the end."""
    row: list[Node] = []
    for token in tokens:
        if token == "}":
            break
        if token in "_^":
            base = row.pop() if row else ("space", [""])
            script = _argument(tokens)
            if token == "_":
                script = _letters(script)
            if base[0] == "sub" and token == "^":
                row.append(("subsup", [*base[1], script]))
            else:
                row.append(("sub" if token == "_" else "sup", [[base], script]))
        elif token.startswith("\\"):
            count = 2 if token == "\\frac" else 1
            row.append((token[1:], [_argument(tokens) for _ in range(count)]))
        else:
            row.append((_kind(token), [token]))
    return row


def _argument(tokens: Iterator[str]) -> list[Node]:
    """What follows in braces, or a single token."""
    token = next(tokens, "")
    return _row(tokens) if token == "{" else [(_kind(token), [token])]


def _letters(script: list[Node]) -> list[Node]:
    """An index such as "ni" as the letters that it is made of."""
    return [
        (kind, [letter])
        for kind, parts in script
        for letter in (parts[0] if kind == "name" else [parts[0]])
    ]


def _kind(token: str) -> str:
    if token.isspace():
        return "space"
    if token[:1].isdigit() or token == "∞":
        return "number"
    return "name" if token[:1].isalpha() else "operator"


def _text(row: list[Node]) -> str:
    return "".join(_text_of(kind, parts) for kind, parts in row)


def _text_of(kind: str, parts: list) -> str:
    if kind in ("name", "number", "operator", "space"):
        return parts[0]
    inner = [_text(part) for part in parts]
    if kind == "sub":
        return f"{inner[0]}_{_grouped(inner[1])}"
    if kind == "sup":
        return inner[0] + SUPERSCRIPTS.get(inner[1], f"^{_grouped(inner[1])}")
    if kind == "subsup":
        return f"{inner[0]}_{inner[1]}" + SUPERSCRIPTS.get(inner[2], f"^{_grouped(inner[2])}")
    if kind == "frac":
        return " / ".join(f"({part})" if " " in part else part for part in inner)
    if kind == "d":
        return f"dL/d{inner[0]}"
    return {"sqrt": "√({})", "hat": "{}\u0302", "bar": "mean({})"}[kind].format(inner[0])


def _grouped(script: str) -> str:
    return f"[{script}]" if re.search(r"[ ,+]", script) else script


def _mathml(node: Node) -> str:
    kind, parts = node
    if parts[0] == "⊤":
        return '<mi mathvariant="normal">T</mi>'
    if kind == "name":
        return f"<mi>{escape(parts[0])}</mi>"
    if kind == "number":
        return f"<mn>{parts[0]}</mn>"
    if kind == "operator":
        stretch = f' stretchy="{STRETCHED[parts[0]]}"' if parts[0] in STRETCHED else ""
        return f"<mo{stretch}>{escape(parts[0])}</mo>"
    if kind == "space":
        return '<mspace width="0.17em"></mspace>' if parts[0] else ""
    inner = ["<mrow>" + "".join(map(_mathml, part)) + "</mrow>" for part in parts]
    if kind == "d":
        return f"<mfrac><mrow><mo>∂</mo><mi>L</mi></mrow><mrow><mo>∂</mo>{inner[0]}</mrow></mfrac>"
    if kind == "sub" and parts[0][0][1][0] in ("∑", "max"):
        return f"<munder>{''.join(inner)}</munder>"
    if kind in ("hat", "bar"):
        accent = "^" if kind == "hat" else "¯"
        return f'<mover accent="true">{inner[0]}<mo>{accent}</mo></mover>'
    tag = {"sub": "msub", "sup": "msup", "subsup": "msubsup", "frac": "mfrac", "sqrt": "msqrt"}
    return f"<{tag[kind]}>{''.join(inner)}</{tag[kind]}>"
