"""``python -m tinyae.bench.memory conv-vae tinyae``: peak memory of a recipe's slice, in MiB."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from tinyae import recipes
from tinyae.bench.workloads import workload

__all__ = ["main"]


def main() -> None:
    """Train the slice and print the largest resident size of this process."""
    name, engine = sys.argv[1:]
    recipe, settings = recipes.get(name), workload(name)
    if engine == "torch":
        from tinyae.bench.torch_training import train_in_torch

        train_in_torch(recipe, settings)
    else:
        recipe.run(settings)
    print(_peak())


def _peak() -> float:
    """MiB. Linux's ``ru_maxrss`` counts the process that started this one; ``VmHWM`` does not."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (row for row in status.read_text().splitlines() if row.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    main()
