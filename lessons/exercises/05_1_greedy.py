"""5.1 One layer at a time

Greedy pretraining: the first autoencoder learns from the images, the second one from the codes of
the first, and so on. You are given `train(x, size)`, which trains an autoencoder with a code of
`size` numbers on x and gives back its encoder, a function from x to codes. Write
`pretrain(x, sizes, train)`: it gives back the list of the encoders, the first one first.

Hint: A loop over the sizes. What is x in the second round?

Hint: `x = encoder(x)` behind the training of each layer.
"""


def pretrain(x, sizes, train):
    encoders = []
    # --- your code ---
    for size in sizes:
        encoder = train(x, size)
        encoders.append(encoder)
        x = encoder(x)
    # --- end ---
    return encoders


# === check ===
import numpy as np

from tinyae.grading import expect, expect_true


def check(student):
    seen = []

    def train(x, size):
        seen.append((x.copy(), size))
        weight = np.random.default_rng(size).standard_normal((x.shape[1], size))
        return lambda inputs: np.tanh(inputs @ weight)

    images = np.random.default_rng(0).random((4, 6))
    encoders = student.pretrain(images, [5, 3, 2], train)
    message = f"expected a list of three encoders, got {len(encoders)}"
    yield expect_true("encoders", len(encoders) == 3, "wrong-length", message)
    expected, sizes = images, [size for _, size in seen]
    yield expect("sizes of the codes trained", sizes, [5, 3, 2], "one training a size, in order")
    for layer, (inputs, _) in enumerate(seen):
        hint = "each layer learns from the codes of the layer below"
        yield expect(f"what layer {layer + 1} learns from", inputs, expected, hint)
        expected = encoders[layer](expected)


WRONG = {
    "always the images": ("        x = encoder(x)\n", ""),
    "backwards": ("in sizes", "in sizes[::-1]"),
    "nothing collected": ("        encoders.append(encoder)\n", ""),
}
