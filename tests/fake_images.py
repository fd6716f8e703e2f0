"""A data set in MNIST's files and shapes that is small and easy, for tests of what reads it."""

from pathlib import Path

import numpy as np

from tinyae.data import write_idx

TRAIN, TEST = 300, 100


def draw(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """n images, as many of each class: class k is two bright rows, the first of them row 2k + 4."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % 10).astype(np.uint8)
    images = rng.integers(0, 50, (n, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 4 : 2 * label + 6, 4:24] += 200
    return images, labels


def write(root: Path, *names: str) -> Path:
    """Write data sets of these names below a root, as ``TINYAE_DATA`` wants it; returns it."""
    for name in names:
        for prefix, n, seed in (("train", TRAIN, 0), ("t10k", TEST, 1)):
            images, labels = draw(n, seed)
            write_idx(root / name / f"{prefix}-images-idx3-ubyte.gz", images)
            write_idx(root / name / f"{prefix}-labels-idx1-ubyte.gz", labels)
    return root
