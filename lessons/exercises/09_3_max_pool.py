"""9.3 Max pooling, backward

A window of k pixels slides over a row of x in steps of s, and only its largest number goes on. On
the way back, only the *winner* of each window gets something: dy of that window. With s < k,
windows overlap, and a pixel that wins in two windows gets both.

`forward` has put the winners' places into `self.winner` (N, windows): window w of row n was won by
x[n, self.winner[n, w]]. Write `backward`.

Hint: `dx = np.zeros_like(self.x)`, then two loops over rows and windows.

Hint: `dx[n, self.winner[n, w]] += dy[n, w]`. What would `=` do where windows overlap?
"""

import numpy as np

import tinyae as ta


class MyMaxPool(ta.Layer):
    def __init__(self, kernel_size=3, stride=2):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, x):
        self.x = x
        starts = range(0, x.shape[1] - self.kernel_size + 1, self.stride)
        self.winner = np.stack(
            [start + x[:, start : start + self.kernel_size].argmax(axis=1) for start in starts],
            axis=1,
        )
        return np.take_along_axis(x, self.winner, axis=1)

    def backward(self, dy):
        # --- your code ---
        dx = np.zeros_like(self.x)
        for n in range(dy.shape[0]):
            for w in range(dy.shape[1]):
                dx[n, self.winner[n, w]] += dy[n, w]
        return dx
        # --- end ---


# === check ===
def check(student):
    x = np.random.default_rng(0).standard_normal((6, 11))
    for kernel_size, stride in ((3, 2), (3, 1)):
        yield ta.gradcheck(student.MyMaxPool(kernel_size, stride), x)


WRONG = {
    "= where windows overlap": ("w]] += dy", "w]] = dy"),
    "the place in the window": ("self.winner[n, w]]", "self.winner[n, w] - w * self.stride]"),
    "spread over the window": (
        "dx[n, self.winner[n, w]] += dy[n, w]",
        "dx[n, w * self.stride : w * self.stride + self.kernel_size] += dy[n, w]",
    ),
}
