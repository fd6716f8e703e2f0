"""``python -m tinyae.bench.memory conv-vae tinyae numpy``: peak memory of a recipe's slice, in MiB.

That of the process; with ``cupy``, that of the engine's pool on the GPU, from which all its arrays
come and to which they go back: what it took from the device in all.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from tinyae import recipes
from tinyae.backend import get_module
from tinyae.bench.workloads import workload

__all__ = ["main"]


def main() -> None:
    """Train the slice and print the peak."""
    name, engine, backend = sys.argv[1:]
    recipe, settings = recipes.get(name), workload(name, backend)
    if engine == "torch":
        from tinyae.bench.torch_training import train_in_torch

        train_in_torch(recipe, settings)
    else:
        recipe.run(settings)
    print(_peak_on_gpu(engine) if backend == "cupy" else _peak())


def _peak_on_gpu(engine: str) -> float:
    """MiB that the pool holds, in use or not: both engines keep what they once took."""
    if engine == "torch":
        import torch

        return torch.cuda.max_memory_reserved() / 2**20
    return get_module("cupy").get_default_memory_pool().total_bytes() / 2**20


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
