"""8.3 The way back to the image

Given dy (rows, columns), how does the loss depend on each pixel of x? Pixel by pixel, dy[r, c]
goes back, times the filter, into the window that y[r, c] was computed from. Where windows
overlap, what arrives *adds up*:

    dx[s r + i, s c + j]  +=  w[i, j] · dy[r, c].

This is the transpose of the convolution as a linear map: ⟨A x, y⟩ = ⟨x, Aᵀ y⟩ for every x and y.
Write `correlate_input(dy, w, x_shape, stride)`.

Hint: The same two loops as on the way forward, and the same window, on the left side now.

Hint: `dx[top : top + k, left : left + k] += w * dy[r, c]`.
"""

import numpy as np


def correlate_input(dy, w, x_shape, stride=1):
    k = len(w)
    dx = np.zeros(x_shape)
    # --- your code ---
    for r in range(dy.shape[0]):
        for c in range(dy.shape[1]):
            top, left = stride * r, stride * c
            dx[top : top + k, left : left + k] += w * dy[r, c]
    # --- end ---
    return dx


# === check ===
def forward(x, w, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)[::stride, ::stride]
    return np.einsum("rcij,ij->rc", windows, w)


def check(student):
    from tinyae import check_adjoint

    w = np.random.default_rng(0).standard_normal((3, 3))
    for stride, shape in ((1, (5, 4)), (2, (7, 6)), (3, (6, 9))):
        yield check_adjoint(
            lambda x, stride=stride: forward(x, w, stride),
            lambda y, stride=stride, shape=shape: student.correlate_input(y, w, shape, stride),
            x_shape=shape,
        )


WRONG = {
    "= where windows overlap": ("left : left + k] += w", "left : left + k] = w"),
    "the filter turned round": ("+= w * dy", "+= w[::-1, ::-1] * dy"),
    "the filter transposed": ("+= w * dy", "+= w.T * dy"),
    "stride forgotten": ("top, left = stride * r, stride * c", "top, left = r, c"),
}
