"""``python -m tinyae.bench.memory conv-vae tinyae``: peak memory of a recipe's slice, in MiB."""

from __future__ import annotations

import resource
import sys

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
    unit = 2**20 if sys.platform == "darwin" else 2**10
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


if __name__ == "__main__":
    main()
