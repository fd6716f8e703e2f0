"""13.2 Do not ask too often

A loss on a GPU is a number over there. `float(loss)` brings it here, and the host waits until the
device has come so far. Asking after every batch costs more than the computing. Write
`mean_loss(step, batches)`: it calls `step(batch)` for every batch, which trains and gives the loss
of that batch, on the device, and gives back the mean of all losses as a Python float. It must ask
only *once*.

Hint: Losses can be added on the device: `total = total + loss`.

Hint: `float(...)` at the end, not in the loop. `sum(losses)` adds, too.
"""


def mean_loss(step, batches):
    # --- your code ---
    total, count = 0.0, 0
    for batch in batches:
        total = total + step(batch)
        count += 1
    return float(total) / count
    # --- end ---


# === check ===
from tinyae.grading import expect, expect_true


class FarNumber:
    """A number on a device that counts how often it is asked for."""

    asked = 0

    def __init__(self, value):
        self.value = value

    def _with(self, other, operation):
        return FarNumber(operation(self.value, getattr(other, "value", other)))

    def __add__(self, other):
        return self._with(other, lambda a, b: a + b)

    def __truediv__(self, other):
        return self._with(other, lambda a, b: a / b)

    def __mul__(self, other):
        return self._with(other, lambda a, b: a * b)

    __radd__, __rmul__ = __add__, __mul__

    def __float__(self):
        FarNumber.asked += 1
        return float(self.value)

    item = __float__


def check(student):
    FarNumber.asked = 0
    seen = []

    def step(batch):
        seen.append(batch)
        return FarNumber(batch**2)

    mean = student.mean_loss(step, iter([1.0, 2.0, 4.0]))
    yield expect("batches that were trained on", seen, [1.0, 2.0, 4.0], "every batch, once")
    message = f"the result is a {type(mean).__name__}, expected a Python float"
    yield expect_true("the mean", isinstance(mean, float), "wrong-type", message)
    yield expect("the mean", mean, 7.0, "the sum of the losses over the number of batches")
    message = f"the device was asked {FarNumber.asked} times for 3 batches; once is enough"
    yield expect_true("copies", FarNumber.asked == 1, "too-many-copies", message)


WRONG = {
    "asked each time": ("total + step(batch)", "total + float(step(batch))"),
    "never asked": ("float(total) / count", "total / count"),
    "the sum": (" / count", ""),
}
