"""Stepping through a tape in a terminal."""

from __future__ import annotations

from collections.abc import Callable

from tinyae.stepping.tape import Tape
from tinyae.stepping.text import step_text

__all__ = ["walk"]

KEYS = "enter next · b back · l NAME to a layer · a number to a step · q quit"


def walk(
    tape: Tape, ask: Callable[[str], str] = input, show: Callable[[str], None] = print
) -> None:
    """Show one step after the other, as the reader asks for them.

    Parameters
    ----------
    tape : Tape
        With at least one step.
    ask : callable
        From a prompt to the line that was typed; raises ``EOFError`` when there is no more.
    show : callable
        Prints a text.
    """
    place = 0
    show(step_text(tape, tape.steps[place]))
    while True:
        try:
            word, _, name = ask(f"[{place + 1}/{len(tape.steps)}] {KEYS} > ").strip().partition(" ")
        except EOFError:
            show("")
            return
        if word in ("q", "quit"):
            return
        new, complaint = _destination(tape, place, word, name.strip())
        if complaint:
            show(complaint)
        elif new is not None:
            place = new
            show(step_text(tape, tape.steps[place]))


def _destination(tape: Tape, place: int, word: str, name: str) -> tuple[int | None, str]:
    """The index of the step to go to, or why there is none."""
    last = len(tape.steps) - 1
    if word in ("", "n"):
        return (
            (None, "this is the last step; b goes back, q quits")
            if place == last
            else (
                place + 1,
                "",
            )
        )
    if word == "b":
        return (None, "this is the first step") if place == 0 else (place - 1, "")
    if word.isdigit():
        number = int(word)
        if 1 <= number <= last + 1:
            return number - 1, ""
        return None, f"expected a step from 1 to {last + 1}, got {number}"
    if word == "l":
        return _layer(tape, place, name)
    return None, f"unknown: {word!r}; {KEYS}"


def _layer(tape: Tape, place: int, name: str) -> tuple[int | None, str]:
    """The next step of a layer, from its path or the beginning of it, or from its class."""
    order = [*range(place + 1, len(tape.steps)), *range(place + 1)]
    for index in order:
        step = tape.steps[index]
        if name and (f"{step.path}.".startswith(f"{name}.") or step.layer.startswith(name)):
            return index, ""
    paths = dict.fromkeys(step.path for step in tape.steps if step.path)
    return None, f"no layer {name!r}; there are {', '.join(paths)}"
