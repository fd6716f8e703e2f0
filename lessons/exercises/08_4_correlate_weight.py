"""8.4 The gradient of the filter

Every window of the image has been multiplied by the same filter, so its gradient is a sum over all
windows:

    dw[i, j] = Σ_r Σ_c dy[r, c] · x[s r + i, s c + j].

Write `correlate_weight(dy, x, k, stride)`, which gives dw (k, k).

Hint: Once more the same loops: window times dy[r, c], added up.
"""

import numpy as np


def correlate_weight(dy, x, k, stride=1):
    dw = np.zeros((k, k))
    # --- your code ---
    for r in range(dy.shape[0]):
        for c in range(dy.shape[1]):
            top, left = stride * r, stride * c
            dw += dy[r, c] * x[top : top + k, left : left + k]
    # --- end ---
    return dw


# === check ===
def check(student):
    from tinyae import check_adjoint

    generator = np.random.default_rng(0)
    for stride, shape in ((1, (5, 4)), (2, (7, 6))):
        x = generator.standard_normal(shape)
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3))[::stride, ::stride]
        yield check_adjoint(
            lambda w, windows=windows: np.einsum("rcij,ij->rc", windows, w),
            lambda dy, x=x, stride=stride: student.correlate_weight(dy, x, 3, stride),
            x_shape=(3, 3),
        )


WRONG = {
    "only the last window": ("dw += dy", "dw = dy"),
    "stride forgotten": ("stride * r, stride * c", "r, c"),
    "dy forgotten": ("dy[r, c] * x", "x"),
}
