"""``python -m tests.soak``: memory over 200 fits, and 8 processes with one cache."""

import sys
import time

from tests.soak.running import growth, shared


def main() -> int:
    """Print both figures; 1 when one of them is not as promised."""
    start = time.perf_counter()
    grown, memory = growth(200)
    print(
        f"200 fits in one process: {memory[0] / 2**20:.1f} MiB after the warm-up, "
        f"{memory[-1] / 2**20:.1f} MiB at the end, growth {grown:+.2%}"
    )
    results = shared(8)
    print(f"8 processes, one cache: {len(results)} ended, {len(set(results))} different results")
    print(f"{time.perf_counter() - start:.0f} s")
    good = grown < 0.02 and len(set(results)) == 1 and not results[0].startswith("failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
