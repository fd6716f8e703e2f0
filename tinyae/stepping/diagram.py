"""The network as a drawing: its layers as boxes, and which of them feeds which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from tinyae.stepping.tape import Step, Tape

__all__ = ["diagram"]

ROW, HEIGHT, WIDTH, HALF = 38, 26, 152, 92
"""Pixels from box to box, and of a box: its height, its width alone and beside another."""
MOST = 21
"""Characters that fit a box."""
LANE = 14
"""Beside the boxes, for edges that pass some of them."""


@dataclass
class _Node:
    """One box: a layer, or a part that a model has besides its layers."""

    path: str
    words: str
    first: int
    sources: list[str] = field(default_factory=list)
    row: int = 0
    x: float = 0.0
    width: int = WIDTH


def diagram(tape: Tape) -> str:
    """An SVG of what the tape saw: the branches of a VAE part after its trunk and meet in z.

    Every box is a link to the first step of its layer. Whatever comes from the model is escaped.
    """
    nodes = _nodes(tape)
    rows = _arranged(nodes)
    width, height = WIDTH + HALF + 2 * LANE, rows * ROW
    left = -width / 2
    parts = [
        f'<svg id="network" viewBox="{left:g} -6 {width} {height}" width="{width}" '
        f'height="{height}" role="group" aria-label="the network">',
        "<defs>"
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>',
    ]
    parts += [
        _edge(nodes[source], node)
        for node in nodes.values()
        for source in node.sources
        if source in nodes
    ]
    parts += map(_box, nodes.values())
    parts += _captions(nodes, left)
    return "\n".join([*parts, "</svg>"])


def _nodes(tape: Tape) -> dict[str, _Node]:
    """A node for each path that runs forward or is a loss, with the paths it reads from."""
    nodes: dict[str, _Node] = {}
    makers: dict[str, str] = {}
    for step in tape.steps:
        if step.phase not in ("forward", "loss"):
            continue
        node = nodes.setdefault(step.path, _Node(step.path, _words(step), step.number))
        for snapshot in step.inputs.values():
            maker = makers.get(snapshot.place)
            if maker is not None and maker in nodes and maker != node.path:
                known = list(nodes)
                earlier = known.index(maker) < known.index(node.path)
                if earlier and maker not in node.sources:
                    node.sources.append(maker)
        for snapshot in step.outputs.values():
            makers.setdefault(snapshot.place, step.path)
    return nodes


def _words(step: Step) -> str:
    """What stands in the box."""
    names = {"z": "z = μ + σ ε", "prior": "prior", "loss": "loss", "reconstruction": step.layer}
    last = step.path.rpartition(".")[2]
    words = names.get(last, step.layer) if step.phase == "loss" or last == "z" else step.layer
    words = words.partition(", kernel_size")[0] + (")" if ", kernel_size" in words else "")
    return words if len(words) <= MOST else words[: MOST - 1] + "…"


def _arranged(nodes: dict[str, _Node]) -> int:
    """Give each node its row, below all that it reads, and its place in the row."""
    rows: dict[int, list[_Node]] = {}
    for node in nodes.values():
        node.row = max((nodes[s].row + 1 for s in node.sources), default=0)
        if not node.sources and rows:
            node.row = max(rows) + 1
        rows.setdefault(node.row, []).append(node)
    for row in rows.values():
        count = len(row)
        for index, node in enumerate(row):
            node.width = WIDTH if count == 1 else min(HALF, (WIDTH + HALF) // count)
            node.x = (index - (count - 1) / 2) * (node.width + 8)
    return max(rows, default=0) + 1


def _edge(source: _Node, target: _Node) -> str:
    top, bottom = source.row * ROW + HEIGHT, target.row * ROW
    if target.row == source.row + 1:
        path = f"M{source.x:g} {top}L{target.x:g} {bottom}"
    else:
        lane = (WIDTH + HALF) / 2 + LANE / 2
        path = (
            f"M{source.x + source.width / 2 - 10:g} {top}L{lane:g} {top + 10}"
            f"L{lane:g} {bottom - 10}L{target.x + target.width / 2 - 10:g} {bottom}"
        )
    return f'<path class="edge" d="{path}"/>'


def _box(node: _Node) -> str:
    y = node.row * ROW
    words = escape(node.words)
    branch = node.path.partition(".")[0]
    if node.width < WIDTH and node.words.startswith("Linear"):
        words = escape(branch)
    lines = "".join(_parts(node, words, y))
    return (
        f'<a href="#step={node.first}" data-path="{escape(node.path, quote=True)}" class="box">'
        f"<title>{escape(node.path)}: {escape(node.words)}</title>{lines}</a>"
    )


def _captions(nodes: dict[str, _Node], left: float) -> Iterator[str]:
    """The name of each branch beside its first box."""
    named = set()
    for node in nodes.values():
        branch, _, inside = node.path.partition(".")
        if inside and branch not in named and not branch.isdigit():
            named.add(branch)
            words = branch if len(branch) <= 8 else branch[:7] + "…"
            y = node.row * ROW + 17
            yield f'<text class="branch" x="{left + 2:g}" y="{y}">{escape(words)}</text>'


def _parts(node: _Node, words: str, y: int) -> Iterator[str]:
    left = node.x - node.width / 2
    yield f'<rect x="{left:g}" y="{y}" width="{node.width}" height="{HEIGHT}" rx="6"/>'
    yield f'<text x="{node.x:g}" y="{y + 17}">{words}</text>'
