"""Kills trainings at random moments and lets them go on: ``python -m tests.kills --times 100``.

Each recipe trains once undisturbed. Then it trains again and is killed (SIGKILL) after a random
time, all its checkpoints are read, and it goes on with ``--resume``, to be killed again or to
end; at the end its weights and history are compared with those of the undisturbed run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import tinyae as ta
from tests import fake_images
from tinyae.files.archive import read_archive

RECIPES = {
    "conv-vae": ("--limit", "300", "--epochs", "4", "--every", "1"),
    "kmnist-vae": ("--limit", "256", "--epochs", "2", "--every", "1"),
    "stacked-09": ("--every", "50"),
}
"""Each trains for a second or two."""


@dataclass
class Report:
    """What came of the kills."""

    kills: int = 0
    runs: int = 0
    read: int = 0
    different: int = 0
    unreadable: int = 0
    by_recipe: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        where = ", ".join(f"{name} {count}" for name, count in self.by_recipe.items())
        return (
            f"{self.kills} kills ({where}): {self.runs} runs went on to their end, "
            f"{self.different} of them with other weights or another history; "
            f"{self.read} checkpoints read, {self.unreadable} unreadable"
        )


PROGRAM = """
import sys
from tinyae import cli, report
report._figures_of = lambda result: {}  # figures take longer than the training
sys.exit(cli.main(sys.argv[1:]))
"""


def start(recipe: str, out: Path, root: Path, *words: str) -> subprocess.Popen:
    """A training as a process of its own; its folder gets the weights and the history."""
    here = str(Path(ta.__file__).parents[1])
    threads = {"OPENBLAS_NUM_THREADS": "1", "TINYAE_NUM_THREADS": "1"}
    command = ["train", recipe, "--out", str(out), *RECIPES[recipe], *words]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**threads, **os.environ, "PYTHONPATH": here, "TINYAE_DATA": str(root)},
    )


def finish(process: subprocess.Popen) -> None:
    """Wait for the end of a training that must end well."""
    _, errors = process.communicate(timeout=300)
    if process.returncode:
        raise RuntimeError(errors.decode()[-2000:])


def outcome(out: Path) -> tuple[dict[str, np.ndarray], dict]:
    """The weights and, from ``result.json``, all but the seconds."""
    result = json.loads((out / "result.json").read_text())
    del result["seconds"]
    return ta.load(out / "model.npz").state_dict(), result


def same(one: Path, other: Path) -> bool:
    (ours, our_result), (theirs, their_result) = outcome(one), outcome(other)
    equal = all(np.array_equal(ours[name], theirs[name]) for name in theirs)
    return equal and ours.keys() == theirs.keys() and our_result == their_result


def read_all(out: Path, report: Report) -> None:
    """Read every checkpoint of a folder."""
    for path in out.glob("checkpoint*.npz"):
        report.read += 1
        try:
            read_archive(path, "checkpoint", 1)
        except ta.TinyaeError as reason:
            print(reason, file=sys.stderr)
            report.unreadable += 1


def run(times: int, seed: int, root: Path, folder: Path) -> Report:
    """Kill so many times, in turn over the recipes."""
    report, chance = Report(by_recipe=dict.fromkeys(RECIPES, 0)), random.Random(seed)
    whole: dict[str, float] = {}
    for recipe in RECIPES:
        begin = time.monotonic()
        finish(start(recipe, folder / f"{recipe}-whole", root))
        whole[recipe] = time.monotonic() - begin
    shares = {name: len(range(i, times, len(RECIPES))) for i, name in enumerate(RECIPES)}
    for recipe, share in shares.items():
        while report.by_recipe[recipe] < share:
            _one_run(recipe, share, whole[recipe], chance, root, folder, report)
    return report


def _one_run(
    recipe: str,
    share: int,
    seconds: float,
    chance: random.Random,
    root: Path,
    folder: Path,
    report: Report,
) -> None:
    """A training killed up to three times, then let alone."""
    out = folder / f"{recipe}-killed"
    shutil.rmtree(out, ignore_errors=True)
    for attempt in range(3):
        if report.by_recipe[recipe] == share:
            break
        process = start(recipe, out, root, *(["--resume"] if attempt else []))
        time.sleep(chance.uniform(0.15, 1) * seconds)
        if process.poll() is None:
            process.kill()
            report.kills += 1
            report.by_recipe[recipe] += 1
        process.communicate()
        read_all(out, report)
    finish(start(recipe, out, root, "--resume"))
    report.runs += 1
    report.different += not same(out, folder / f"{recipe}-whole")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = fake_images.write(Path(folder) / "data", "mnist", "kmnist")
        report = run(options.times, options.seed, root, Path(folder))
    print(report)
    return int(report.different > 0 or report.unreadable > 0)


if __name__ == "__main__":
    sys.exit(main())
