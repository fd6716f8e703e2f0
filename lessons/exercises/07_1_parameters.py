"""7.1 Counting parameters

A linear layer from a to b features has a · b weights and b biases. The dense VAE of the lesson has
a trunk of linear layers, two heads side by side (mean and log_var), and a decoder of linear layers
that begins with the code. Activations learn nothing. Write `count_parameters(trunk, latent_dim,
decoder)`: `trunk` lists the sizes on the way down, from the pixels to what the heads read;
`decoder` those on the way up behind the code. With [784, 256], 2 and [256, 784]:

    784 → 256 → two heads of 2,      2 → 256 → 784.

Hint: Write a little function `linear(a, b)` that counts one layer, and add up.

Hint: `itertools.pairwise([784, 256, 64])` gives (784, 256) and (256, 64).

Hint: Both heads read the last size of the trunk; the decoder's first layer reads the code.
"""

from itertools import pairwise


def count_parameters(trunk, latent_dim, decoder):
    # --- your code ---
    def linear(a, b):
        return a * b + b

    down = sum(linear(a, b) for a, b in pairwise(trunk))
    heads = 2 * linear(trunk[-1], latent_dim)
    up = sum(linear(a, b) for a, b in pairwise([latent_dim, *decoder]))
    return down + heads + up
    # --- end ---


# === check ===
from tinyae.grading import expect


def check(student):
    count = student.count_parameters
    hint = "3 · 2 + 2 down, 2 · (2 · 1 + 1) heads, 1 · 3 + 3 up: 8 + 6 + 6"
    yield expect("3 → 2 → heads of 1, 1 → 3", count([3, 2], 1, [3]), 20, hint)
    right = count_parameters([784, 256, 64], 2, [64, 256, 784])
    yield expect("a dense VAE", count([784, 256, 64], 2, [64, 256, 784]), right)


WRONG = {
    "no biases": ("a * b + b", "a * b"),
    "one head": ("2 * linear", "linear"),
    "the code's layer forgotten": ("pairwise([latent_dim, *decoder])", "pairwise(decoder)"),
}
