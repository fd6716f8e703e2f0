"""9.1 Mini-batches

An epoch looks at every sample once, in a new order, a few at a time. Write the generator function
`batches(x, batch_size, rng)`: it shuffles and then yields arrays of batch_size samples; the last
one may be shorter. `rng.permutation(n)` gives the numbers 0 … n − 1 in a random order.

Hint: `order = rng.permutation(len(x))`, then slices of `order`.

Hint: `range(0, len(x), batch_size)` gives where the batches begin; `yield` gives one batch back.
"""


def batches(x, batch_size, rng):
    # --- your code ---
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        yield x[order[start : start + batch_size]]
    # --- end ---


# === check ===
import numpy as np

from tinyae.grading import expect, expect_true


def check(student):
    x = np.arange(22.0).reshape(11, 2)
    rng = np.random.default_rng(0)
    first = list(student.batches(x, 4, rng))
    sizes = [len(batch) for batch in first]
    yield expect("sizes of the batches", sizes, [4, 4, 3], "the last one is shorter, not lost")
    rows = np.concatenate(first)
    seen = rows[rows[:, 0].argsort()]
    yield expect("all rows, sorted", seen, x, "every sample once")
    message = "the samples come in the order of x: shuffle first"
    yield expect_true("order", not np.array_equal(rows, x), "not-shuffled", message)
    again = np.concatenate(list(student.batches(x, 4, rng)))
    message = "the second epoch has the same order as the first; draw a new one each time"
    yield expect_true("order", not np.array_equal(rows, again), "not-shuffled", message)


WRONG = {
    "not shuffled": ("rng.permutation(len(x))", "list(range(len(x)))"),
    "the rest lost": (
        "range(0, len(x), batch_size)",
        "range(0, len(x) - batch_size + 1, batch_size)",
    ),
    "drawn with repetition": ("rng.permutation(len(x))", "rng.integers(0, len(x), len(x))"),
}
