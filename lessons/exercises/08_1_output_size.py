"""8.1 How large is the output?

A window of k pixels slides over n pixels with a border of p zeros on both sides, s pixels at a
time. Only whole windows count. How many positions are there? And back: a transposed convolution
makes of m pixels so many that the forward formula gives m again, plus output_padding o:

    down:  ⌊(n + 2p − k) / s⌋ + 1,          up:  (m − 1) s − 2p + k + o.

Write both.

Hint: Whole-number division in Python is `//`.
"""


def size_down(n, kernel_size, stride=1, padding=0):
    # --- your code ---
    return (n + 2 * padding - kernel_size) // stride + 1
    # --- end ---


def size_up(m, kernel_size, stride=1, padding=0, output_padding=0):
    # --- your code ---
    return (m - 1) * stride - 2 * padding + kernel_size + output_padding
    # --- end ---


# === check ===
from itertools import product

from tinyae.grading import expect


def check(student):
    for n, k, s, p in product((7, 8, 12), (2, 3), (1, 2, 3), (0, 1)):
        words = f"n = {n}, k = {k}, s = {s}, p = {p}"
        yield expect(f"down, {words}", student.size_down(n, k, s, p), size_down(n, k, s, p))
        for o in range(s):
            right = size_up(n, k, s, p, o)
            got = student.size_up(n, k, s, p, o)
            yield expect(f"up, m = {n}, k = {k}, s = {s}, p = {p}, o = {o}", got, right)


WRONG = {
    "one side only": ("n + 2 * padding", "n + padding"),
    "one too few": ("// stride + 1", "// stride"),
    "padding added on the way up": ("stride - 2 * padding", "stride + 2 * padding"),
}
