# %% [markdown]
# # 13. The same code on a GPU
#
# At the end of this lesson you will know
#
# - how one set of layers runs on NumPy and, unchanged, on a GPU through CuPy;
# - what the swap needs (four rules), and what it may not touch;
# - how to *prove* without a GPU that code would run on one;
# - when a GPU pays, and when its overhead is all you would measure.
#
# You need lessons 1 and 6. No GPU is needed: we build a pretend one. Where CuPy and a GPU are
# present, the lesson uses them as well. The figures of this course were made without one: how fast
# the package is on a GPU has *not* been measured yet.

# %%
import ast
import operator
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from course import DATA, choose, claim, show, show_source

import tinyae as ta
from tinyae.backend import get_module, host_generator, register_backend
from tinyae.models.vae import GaussianSampler
from tinyae.recipes import networks
from tinyae.views.plots.style import FAINT, INK, PALETTE, label, new_figure

# %% [markdown]
# ## The swap
#
# CuPy is an array library with NumPy's function names whose arrays live in the memory of a GPU. If
# `x` is a CuPy array, `cupy.exp(x)` runs there. But `numpy.exp(x)` does not know such arrays. So
# who decides which module to call? A global switch could; then two models on two devices would be
# at odds. In this package *the array itself* decides.

# %%
show_source(ta.array_module)

# %% [markdown]
# A layer asks its input, and calls the module by the customary name `xp`. Operators need not even
# that: `a + b` and `a @ b` belong to the arrays already.

# %%
show_source(ta.Tanh)

# %% [markdown]
# ## Rule 1: no `np.` on data
#
# Is the rule kept? We read the package's own source, every layer, loss, optimizer and model and the
# training loop, and list what it takes from NumPy by name.


# %%
def taken_from_numpy(path: Path) -> set[str]:
    """The names of all ``np.something`` in a file of Python."""
    return {
        node.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "np"
    }


package = Path(ta.__file__).parent
rooms = [*package.glob("layers/*.py"), *package.glob("models/*.py")]
rooms += [package / "losses.py", package / "optimizers.py", package / "training.py"]
taken = {path.name: names for path in sorted(rooms) if (names := taken_from_numpy(path))}
print(f"{len(rooms)} files; from NumPy:", taken)
harmless = {"dtype", "errstate", "finfo"}
claim("files that take more from NumPy", sum(not n <= harmless for n in taken.values()), 0, 0)

# %% [markdown]
# Names of types, what the largest number of a type is, and the silencing of a warning: none of it
# computes on data.
#
# ## A pretend GPU
#
# Reading is not proving. On a real device a wrong call fails. So we make arrays that are as
# unforgiving: they lock a NumPy array away, work with their own kind and with plain Python numbers,
# and refuse everything else. On the way we count: operations (on a GPU each is a *kernel*, a
# program sent to the device), and copies in both directions.

# %%
COUNTS: Counter[str] = Counter()


def unlock(value: Any) -> Any:
    """What is locked inside; a NumPy array does not get in."""
    if isinstance(value, FarArray):
        return value.locked
    if isinstance(value, np.ndarray):
        raise TypeError("a NumPy array among far ones")
    if isinstance(value, list | tuple):
        return type(value)(map(unlock, value))
    return value


def lock(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return FarArray(np.asarray(value))
    return tuple(map(lock, value)) if isinstance(value, tuple) else value


def far(function: Any) -> Any:
    """A function of NumPy as a function of far arrays."""

    def run(*args: Any, **kwargs: Any) -> Any:
        result = function(*map(unlock, args), **{k: unlock(v) for k, v in kwargs.items()})
        COUNTS["operations"] += getattr(result, "base", None) is None  # a view costs nothing
        return lock(result)

    return run


# %% [markdown]
# The array: attributes, methods and operators are NumPy's, made far. Two doors lead back to the
# host, `get` and the conversion to one Python number, and both count.


# %%
class FarArray:
    __array_ufunc__ = None  # NumPy's functions and operators give way

    def __init__(self, locked: np.ndarray) -> None:
        self.locked = locked

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise TypeError("no silent way back to NumPy")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # NumPy would look for __array_interface__: a back door
            raise AttributeError(name)
        value = getattr(self.locked, name)
        return far(value) if callable(value) else lock(value)

    def __len__(self) -> int:
        return len(self.locked)

    def get(self) -> np.ndarray:
        COUNTS["to the host"] += 1
        COUNTS["numbers to the host"] += self.locked.size
        return self.locked.copy()

    def __float__(self) -> float:
        return float(self.get())

    def __bool__(self) -> bool:
        return bool(self.get())


OPERATORS = "add radd sub rsub mul rmul truediv rtruediv pow matmul neg gt ge lt le eq getitem"
for name in OPERATORS.split():
    setattr(FarArray, f"__{name}__", far(getattr(np.ndarray, f"__{name}__")))
for name in ("iadd", "isub", "imul", "itruediv", "setitem"):
    setattr(FarArray, f"__{name}__", far(getattr(operator, f"__{name}__")))

# %% [markdown]
# The module: any function of NumPy, made far. `asarray` is the one door in. Random numbers are
# drawn "on the device": here they are those that NumPy would have drawn, so that we can compare.


# %%
class FarGenerator:
    def standard_normal(self, size: Any, dtype: Any = "float64") -> FarArray:
        return lock(host_generator().standard_normal(size, dtype=dtype))

    def random(self, size: Any, dtype: Any = "float64") -> FarArray:
        return lock(host_generator().random(size, dtype=dtype))


class FarModule:
    ndarray = FarArray
    random = SimpleNamespace(default_rng=lambda seed: FarGenerator())

    def asarray(self, value: Any, dtype: Any = None) -> FarArray:
        if isinstance(value, FarArray):
            return value
        COUNTS["to the device"] += 1
        COUNTS["numbers to the device"] += np.size(value)
        return FarArray(np.array(value, dtype))

    def __getattr__(self, name: str) -> Any:
        value = getattr(np, name)
        return far(value) if callable(value) and not isinstance(value, type) else value


register_backend("far", FarModule())

# %% [markdown]
# Does it refuse? A device that lets everything through would prove nothing.

# %%
far_x, near_x = get_module("far").asarray(np.ones((2, 3))), np.ones((2, 3))
refused = 0
for attempt in (lambda: np.exp(far_x), lambda: far_x + near_x, lambda: near_x @ far_x,
                lambda: np.asarray(far_x), lambda: np.concatenate([far_x, far_x])):  # fmt: skip
    try:
        attempt()
    except TypeError as reason:
        refused += 1
        print("refused:", reason)
claim("attempts to slip into NumPy that were refused", refused, 5, 5)

# %% [markdown]
# And a layer that breaks rule 1? On NumPy it works, and all its tests pass there.


# %%
class Square(ta.Layer):
    def forward(self, x: Any) -> Any:
        self.x = x
        return np.square(x)  # the slip; x**2 would do


print(Square()(near_x))
try:
    Square()(far_x)
except TypeError as reason:
    print("far:", reason)

# %% [markdown]
# **A question.** Which of the refusals above would be missing if the pretend device had no
# `__array__` method?
#
# ## The proof
#
# Now a whole training: the best-known small VAE, dense layers, 20 latent dimensions. Weights, data
# and noise are drawn the same way in both runs. If no step leaves the device, both runs compute the
# same, to the last bit.

# %%
images, _ = ta.data.load(DATA)
x = ta.data.scale(images[:2000]).reshape(-1, 784)
BATCH = 100


def train(place: str, epochs: int = 1) -> tuple[ta.VAE, list[float]]:
    """The model, and its loss an image for each batch."""
    ta.seed(0)
    model = networks.mlp_vae().to(place)
    batches = ta.data.DataLoader(x, batch_size=BATCH)
    optimizer = ta.Adam(model.parameters())
    history = ta.fit(model, batches, epochs, optimizer, report_every=1, progress=False)
    return model, [loss / BATCH for loss in history["loss"]]


near_model, near_losses = train("numpy")
COUNTS.clear()
far_model, far_losses = train("far")
counted, steps = dict(COUNTS), len(far_losses)
difference = max(abs(a - b) for a, b in zip(near_losses, far_losses, strict=True))
print("loss an image:", [round(loss, 1) for loss in far_losses[::4]])
claim("difference between the losses of the two runs", difference, 0, 0)

# %% [markdown]
# Not one line of a layer was changed. This is what the swap *may not touch*: the formulas, the
# derivations, the tests of both.
#
# The package's own tests do the same with every layer, loss, optimizer and model, on arrays that
# are stricter than ours.
#
# ## Rule 2: mixed arrays are refused, with a word of help
#
# On a real machine the usual mistake is a model on the device and data on the host.

# %%
try:
    far_model.encode(x[:10])
except ta.TinyaeError as refusal:
    print(refusal)

# %% [markdown]
# ## Rule 3: random numbers are made where they are used
#
# Noise drawn on the host would have to be copied, for every step. So the sampler (and dropout, too)
# asks for the generator of the array's own device.

# %%
show_source(GaussianSampler.forward)

# %% [markdown]
# A real GPU has another generator than NumPy. The same seed gives *other numbers* there, so runs on
# two devices agree in distribution, not in bits. A GPU also adds in another order, and float32 sums
# depend on the order. Compare such runs with a tolerance, and repeat them with the same seed on the
# same device.
#
# ## Rule 4: copy at the batch and at the report, nowhere else
#
# Between host and device lies a slow road. Here is what went over it.

# %%
parameters = near_model.count_parameters()
moved_in = sum(p.value.size + p.grad.size for p in near_model.parameters())
print("counted:", counted)
print(f"the model, once: {moved_in:,} numbers (weights and gradients)")
batch_numbers = (counted["numbers to the device"] - moved_in) / steps
print(f"a step: {batch_numbers:,.0f} numbers in, {counted['to the host'] / steps:.1f} copies out")
claim("numbers copied in, a step", batch_numbers, BATCH * 784, BATCH * 784)
claim("numbers in one copy out", counted["numbers to the host"] / counted["to the host"], 1, 1)

# %% [markdown]
# In: each batch once. (All the data could be moved beforehand, if it fits; the `DataLoader` takes
# far arrays as well.) Out: single numbers only. They are the loss and its two parts for the report,
# and the answers to "is this finite?" that layers ask about whatever comes from outside. Small as
# they are, each of them makes the host *wait* until the device has finished all work so far. A
# program written for speed alone would do without. This one prefers to tell you where a NaN came
# in.
#
# ## When does a GPU pay?
#
# A GPU is told about each operation by the host, and to tell costs time, whatever the size: of
# the order of 10 µs from Python. That is a rule of thumb, not a measurement of ours. The number of
# operations we do know.

# %%
operations = counted["operations"] / steps
print(f"operations a step: {operations:.0f}; at 10 µs each: {operations * 1e-2:.1f} ms")
claim("operations a training step", operations, 100, 1000)

# %% [markdown]
# Many of them are small things: an addition of a bias, three lines of Adam for each tensor. The
# number does not depend on the batch size; the arithmetic does. Measure how long a step takes here,
# on NumPy (and on CuPy, if it is there), for several batch sizes.

# %%
try:
    get_module("cupy")
    places = ["numpy", "cupy"]
except ta.TinyaeError as reason:
    print(reason)
    places = ["numpy"]

SIZES = choose([1, 4, 16, 64, 256, 1024], [1, 4, 16, 64, 256, 1024, 4096])


def seconds_a_step(place: str, size: int) -> float:
    """The fastest of some training steps on one batch that is there already."""
    ta.seed(0)
    model = networks.mlp_vae().to(place)
    optimizer = ta.Adam(model.parameters())
    batch = get_module(place).asarray(np.resize(x, (size, 784)))
    times = []
    for _ in range(8 if size < 1000 else 4):
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = model.loss(batch)
        model.backward()
        optimizer.step()
        float(loss.total + model.parameters()[0].value.sum())  # wait for the device
        times.append(time.perf_counter() - start)
    return min(times)


measured = {place: [seconds_a_step(place, size) for size in SIZES] for place in places}
for place, times in measured.items():
    print(place, [f"{size}: {1e3 * t:.1f} ms" for size, t in zip(SIZES, times, strict=True)])

# %%
figure = new_figure(6.5, 4.0, "One training step of a VAE of 652,824 parameters")
axes = figure.subplots()
for color, (place, times) in zip(PALETTE, measured.items(), strict=False):
    axes.plot(SIZES, np.multiply(times, 1e3), "o-", color=color, label=f"{place}, measured here")
axes.axhline(
    operations * 1e-2, color=FAINT, lw=1.5, ls="--", label=f"{operations:.0f} operations × 10 µs"
)
axes.set(xscale="log", yscale="log")
axes.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
axes.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
axes.set_ylim(1, 1.5e3 * max(map(max, measured.values())))
axes.minorticks_off()
label(axes, "batch size", "time a step (ms)")
axes.legend(frameon=False, fontsize=9, labelcolor=INK)
show(figure, "time-a-step")
claim("parameters", parameters, 652_824, 652_824)
slower = measured["numpy"][SIZES.index(1024)] / measured["numpy"][0]
claim("NumPy, a batch of 1,024 against one of 1", slower, 1.5)

# %% [markdown]
# On the left the curve is nearly flat: the time goes into the 652,824 parameters, which Adam
# updates however small the batch is. On the right it grows with the batch. This is arithmetic, of
# which a GPU can do far more in the same time. The dashed line is what the telling alone would cost
# on a GPU. Where NumPy lies far above it, a GPU can pay. Where NumPy lies near it, no GPU helps,
# however fast it computes.
#
# **A question.** The convolutional networks of lessons 9 to 11 do much more arithmetic with about
# as many operations. Where would their curve lie?
#
# ## On a real GPU
#
# `pip install 'tinyae[gpu]'`, then `tinyae train mlp-vae --backend cupy`, or in Python
# `model.to("cupy")`. If CuPy is here, this cell trains the same model with it. Its losses must come
# near ours, but not equal them.

# %%
if "cupy" in places:
    _, gpu_losses = train("cupy")
    claim("last loss, CuPy against NumPy", gpu_losses[-1] / near_losses[-1], 0.97, 1.03)
else:
    print("not run: no GPU here")

# %% [markdown]
# ## Summary
#
# 1. The array decides: `xp = array_module(x)`, never `np.` on data.
# 2. Arrays of two backends are refused, not converted behind your back.
# 3. Random numbers are drawn on the device, from its own generator.
# 4. Copies in at the batch, out at the report (and single numbers for the checks of the input).
#
# The layers, losses and optimizers know nothing of all this. An array type that refuses NumPy
# proves it on any machine. Only speed must be measured on the real device.
#
# ## Questions
#
# 1. Why does `FarArray` refuse NumPy arrays even in `far_x * near_x`, where the result would be
#    right?
# 2. Two layers in a row could be *fused* to one kernel. What would that do to the dashed line, and
#    what to the layers' source?
# 3. `float(loss)` in every step: rewrite the loop so that the host waits once an epoch. What do you
#    give up?
#
# **Exercises.** 13.1 and 13.2 of `tinyae learn`, which checks them and names the mistake.
