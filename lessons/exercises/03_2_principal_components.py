"""3.2 Principal components

The best subspace of k dimensions is known: it is spanned by the eigenvectors of the covariance
matrix of x with the k *largest* eigenvalues. Write `principal_components(x, k)`, which gives

    mean (D,)            of the rows of x,
    components (k, D)    of length 1, one a row, the one with the largest variance first.

Hint: Center first. The covariance matrix is `centered.T @ centered / len(x)`.

Hint: `np.linalg.eigh` gives eigenvalues in *ascending* order and the vectors as *columns*.

Hint: Or take the rows of `vt` in `u, s, vt = np.linalg.svd(centered, full_matrices=False)`.
"""

import numpy as np


def principal_components(x, k):
    # --- your code ---
    mean = x.mean(axis=0)
    centered = x - mean
    _, vectors = np.linalg.eigh(centered.T @ centered / len(x))
    return mean, vectors[:, ::-1][:, :k].T
    # --- end ---


# === check ===
from tinyae.grading import expect, expect_true


def check(student):
    generator = np.random.default_rng(0)
    x = generator.standard_normal((200, 6)) * [1, 5, 2, 0.5, 3, 1] + 10 * np.arange(6)
    mean, components = student.principal_components(x.copy(), 3)
    yield expect("mean", mean, x.mean(axis=0), "the mean of each column")
    right = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2][:3]
    components = np.asarray(components)
    yield expect_true(
        "components",
        components.shape == (3, 6),
        "wrong-shape",
        f"expected (k, D) = (3, 6), got {components.shape}; one component a row",
    )
    lengths = np.linalg.norm(components, axis=1)
    yield expect("lengths of the components", lengths, np.ones(3), "rows or columns?")
    along = np.abs((components * right).sum(axis=1))
    hint = "of right components it is 1: is x centered, is the largest variance first?"
    yield expect("|cosine| to the right components", along, np.ones(3), hint)


WRONG = {
    "the smallest": ("vectors[:, ::-1][:, :k]", "vectors[:, :k]"),
    "not centered": ("centered = x - mean", "centered = x"),
    "rows of the eigenvectors": ("vectors[:, ::-1][:, :k].T", "vectors[::-1][:k]"),
}
