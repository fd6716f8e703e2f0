# %% [markdown]
# # 2. Checking a gradient
#
# A wrong gradient rarely stops a program. The loss still falls, only less; the network still
# learns, only worse. So a backward pass that was written by hand must be *checked*, and the check
# must be one that a wrong formula cannot pass. Both halves of that sentence take some care.
#
# At the end you will know
#
# - why central differences are the tool, how small the step should be, and why float64;
# - which error is good, which is bad, and which is a question;
# - what a kink does to a check;
# - five kinds of test that prove nothing, each shown by a wrong formula that passes it;
# - a check for whole models that costs a handful of evaluations, however many weights there are:
#   the order of the Taylor remainder.
#
# It helps to have read lesson 1.

# %%
import numpy as np
from course import DATA, claim, show

import tinyae as ta
from tinyae.views.plots.style import FAINT, INK, PALETTE, SMALL_SIZE, label, new_figure

ta.seed(0)
generator = np.random.default_rng(0)

# %% [markdown]
# ## Two quotients
#
# The derivative is a limit, and a computer has no limits. It has quotients with a small step
# $\varepsilon$. The first that comes to mind is the *forward difference*; moving to both sides
# gives the *central difference*:
#
# $$\frac{f(x + \varepsilon) - f(x)}{\varepsilon}, \qquad
#   \frac{f(x + \varepsilon) - f(x - \varepsilon)}{2\varepsilon} .$$
#
# Taylor's formula tells what they really compute. Write down $f(x \pm \varepsilon)$,
#
# $$f(x \pm \varepsilon) = f(x) \pm \varepsilon f'(x) + \tfrac{\varepsilon^2}{2} f''(x)
#   \pm \tfrac{\varepsilon^3}{6} f'''(x) + \dots$$
#
# and insert. The forward difference is $f' + \frac{\varepsilon}{2} f''$ and more: its error
# shrinks like $\varepsilon$. In the central difference the even terms cancel, which leaves
# $f' + \frac{\varepsilon^2}{6} f'''$: its error shrinks like $\varepsilon^2$. A step that is ten
# times smaller gains one digit with the first and two with the second.

# %%
f, point = np.tanh, 0.5
exact = 1 - np.tanh(point) ** 2

for step in (0.1, 0.01, 0.001):
    forward = (f(point + step) - f(point)) / step
    central = (f(point + step) - f(point - step)) / (2 * step)
    print(f"ε = {step:<6} forward off by {forward - exact:+.1e}, central by {central - exact:+.1e}")

# %% [markdown]
# ## How small a step?
#
# Then let us take the smallest step there is! But the values of $f$ are rounded: each is off by
# about $u\,|f|$, where $u$ is the precision of the number type, $6 \cdot 10^{-8}$ for float32 and
# $10^{-16}$ for float64. The two values in the numerator are nearly equal, so what remains of
# their difference is mostly that rounding, and it is divided by $\varepsilon$:
#
# $$\text{error} \;\approx\; \underbrace{\tfrac{1}{6}\,|f'''|\,\varepsilon^2}_{\text{Taylor}}
#   \;+\; \underbrace{u\,|f| / \varepsilon}_{\text{rounding}} .$$
#
# One part wants a small step, the other a large one. They are equal, up to constants, at
# $\varepsilon \approx \sqrt[3]{u}$. We measure this for every weight of a small network.

# %%
network = ta.Sequential(ta.Linear(20, 10), ta.Tanh())
x = generator.normal(size=(8, 20)).astype("float32")
dy = generator.normal(size=(8, 10)).astype("float32")


def run(dtype):
    """The function ⟨dy, network(x)⟩ of the weights, the weights, and their exact gradient."""
    network.astype("float64").zero_grad()
    network(x.astype("float64"))
    network.backward(dy.astype("float64"))
    exact = network[0].weight.grad.copy()
    network.astype(dtype)
    inputs, upstream = x.astype(dtype), dy.astype(dtype)
    return lambda: (upstream * network(inputs)).sum(), network[0].weight.value, exact


# %% [markdown]
# The network has 80 outputs, and a derivative needs one number to differentiate. So the outputs
# are weighted with the numbers `dy` and summed: $f = \langle dy, y \rangle$. Its gradient is what
# `backward(dy)` computes. Why the numbers in `dy` are random is a question we come back to.

# %%
STEPS = 10.0 ** np.arange(-13, 0.1, 0.5)


def difference_quotients(dtype, kind):
    """The numerical derivative of every weight at every step: (steps, weights)."""
    function, weight, _ = run(dtype)
    at_rest, found = function(), []
    for step in STEPS.astype(dtype):
        quotients = np.empty_like(weight)
        for place in np.ndindex(*weight.shape):
            here = weight[place]
            weight[place] = here + step
            above = function()
            weight[place] = here - step
            below = function() if kind == "central" else at_rest
            weight[place] = here
            quotients[place] = (above - below) / (2 * step if kind == "central" else step)
        found.append(quotients.ravel())
    return np.array(found)


numerical = {
    (dtype, kind): difference_quotients(dtype, kind)
    for dtype in ("float32", "float64")
    for kind in ("forward", "central")
}

# %% [markdown]
# We always compare by the *relative error*, $|a - n| \,/\, \max(|a|, |n|)$, of the analytic
# derivative $a$ and the numerical one $n$. Is 0.0001 much? That depends on what it was taken from.


# %%
def relative_error(a, n):
    return np.abs(a - n) / np.maximum(np.abs(a), np.abs(n))


analytic = run("float64")[2].ravel()
errors = {key: relative_error(analytic, quotients) for key, quotients in numerical.items()}

# %% [markdown]
# How small must it be? The notes of Stanford's course cs231n give bands that many people use:
#
# | relative error | what they say |
# |---|---|
# | above $10^{-2}$ | the gradient is probably wrong |
# | $10^{-4}$ to $10^{-2}$ | should make you uncomfortable |
# | $10^{-7}$ to $10^{-4}$ | fine if there are kinks; without kinks, still too much |
# | below $10^{-7}$ | you should be happy |
#
# The figure shows both: the error of a *right* gradient, as the check sees it, and the bands.

# %%
BANDS = {
    "wrong": (1e-2, 1e1, 0.34),
    "uncomfortable": (1e-4, 1e-2, 0.22),
    "fine with kinks": (1e-7, 1e-4, 0.11),
    "happy": (1e-13, 1e-7, 0.0),
}


def draw_step_sizes():
    figure = new_figure(8.0, 5.2, "How far off is the difference quotient of a right gradient?")
    axes = figure.subplots()
    for name, (low, high, grey) in BANDS.items():
        axes.axhspan(low, high, color=FAINT, alpha=grey, lw=0)
        middle = (low * high) ** 0.5
        axes.text(1.4, middle, name, fontsize=SMALL_SIZE, color=INK, va="center", clip_on=False)
    for (dtype, kind), values in errors.items():
        color = PALETTE[1] if dtype == "float32" else PALETTE[0]
        dashes = "-" if kind == "central" else "--"
        middle = np.maximum(np.median(values, axis=1), 1e-13)
        axes.loglog(STEPS, middle, dashes, color=color, lw=2, label=f"{dtype}, {kind}")
        if kind == "central":
            low, high = np.quantile(values, (0.1, 0.9), axis=1)
            axes.fill_between(STEPS, np.maximum(low, 1e-13), high, color=color, alpha=0.18, lw=0)
    axes.set_ylim(1e-13, 1e1)
    axes.set_xlim(1e-13, 1)
    axes.legend(frameon=False, fontsize=SMALL_SIZE, loc="lower left")
    label(axes, "step ε", "relative error (median of 200 weights)")
    return figure


show(draw_step_sizes(), "step-sizes")

# %% [markdown]
# Each curve is a valley. Its right slope is Taylor's: one power of ten a decade for the forward
# difference, two for the central one. Its left slope is rounding, and there both quotients are
# equally bad. (The shaded strip holds 80% of the weights.) Now read off the floors of the
# valleys. In float32, even the best step leaves a right gradient far above the "happy" band: such
# a check cannot tell a right formula from one that is slightly wrong. In float64, the central
# difference reaches it over a wide range of steps. **So check in float64, with central
# differences, and a step near $10^{-5}$.**
#
# **A question.** Many programs check with $\varepsilon = 10^{-7}$ or smaller, "to be exact". What
# do they get in float64? And in float32?


# %%
def steepness(values, low, high):
    """The power of ε with which the median error goes, between two steps."""
    inside = slice(*np.searchsorted(STEPS, (0.9 * low, 1.1 * high)))
    middle = np.median(values[inside], axis=1)
    return float(np.polyfit(np.log(STEPS[inside]), np.log(middle), 1)[0])


def valley(dtype, kind):
    """The smallest median error, and the step that gives it."""
    middle = np.median(errors[dtype, kind], axis=1)
    return float(middle.min()), float(STEPS[middle.argmin()])


for dtype in ("float32", "float64"):
    error, step = valley(dtype, "central")
    root = (np.finfo(dtype).eps / 2) ** (1 / 3)
    print(f"{dtype}: best step {step:.0e}, error there {error:.1e}; the cube root of u: {root:.0e}")

claim("power of ε, float64 forward", steepness(errors["float64", "forward"], 1e-5, 1e-2), 0.9, 1.1)
claim("power of ε, float64 central", steepness(errors["float64", "central"], 1e-3, 1e-1), 1.8, 2.2)
claim("left of the valley", steepness(errors["float64", "central"], 1e-12, 1e-7), -1.2, -0.8)
claim("smallest median error in float64, central", valley("float64", "central")[0], 0, 1e-8)
claim("smallest median error in float32, central", valley("float32", "central")[0], 1e-6, 1e-3)
claim("best step in float64", valley("float64", "central")[1], 1e-6, 1e-4)
claim("best step in float32", valley("float32", "central")[1], 1e-3, 1e-1)

# %% [markdown]
# ## What can a check see?
#
# Take the gradient and make it wrong on purpose: by 10%, 1%, and so on down to 0. What does the
# check report, at the best step of each number type?


# %%
def band(error):
    return next(name for name, (low, high, _) in BANDS.items() if low <= error < high)


def reported(dtype, wrong_by):
    """The median relative error that is reported for a gradient that is too large."""
    best = np.median(errors[dtype, "central"], axis=1).argmin()
    quotients = numerical[dtype, "central"][best]
    return float(np.median(relative_error((1 + wrong_by) * analytic, quotients)))


print(f"{'wrong by':>10}  {'float32':<25}float64")
for wrong_by in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 0.0):
    single, double = reported("float32", wrong_by), reported("float64", wrong_by)
    print(f"{wrong_by:>10.3%}  {single:<8.0e}{band(single):<17}{double:<8.0e}{band(double)}")

seen = reported("float64", 1e-5) / reported("float64", 0.0)
claim("0.001% too much: how much worse it looks than right, float64", seen, 100)
seen = reported("float32", 1e-5) / reported("float32", 0.0)
claim("the same in float32", seen, 0.5, 2)

# %% [markdown]
# In float32 a gradient that is wrong by 0.001% looks the same as a right one: the check sees its
# own error, not the mistake. In float64 they are far apart.
#
# The bands are a rule of thumb, made for networks of every kind. With float64 and a good step
# there is no need for rules of thumb: `ta.gradcheck` calls an element wrong from a relative error
# of $10^{-6}$ on, after it has tried several steps, and a gradient that is wrong by 0.001% stands
# far out.


# %%
class SlightlyWrong(ta.Tanh):
    def backward(self, dy):
        return 1.00001 * super().backward(dy)


print(ta.gradcheck(SlightlyWrong(), generator.normal(size=(2, 3))))
right = ta.gradcheck(ta.Tanh(), generator.normal(size=(2, 3)))
claim("largest relative error of the right layer", right.tensors[0].error, 0, 1e-7)
assert right.passed
assert not ta.gradcheck(SlightlyWrong(), generator.normal(size=(2, 3))).passed

# %% [markdown]
# ## Kinks
#
# ReLU, $\max(x, 0)$, has no derivative at 0. You may think that nobody is ever exactly there. But
# a difference quotient is not at a point: it reaches from $x - \varepsilon$ to $x + \varepsilon$.
# If the kink lies between, it sees both slopes and reports a mixture. Stand at
# $x = 10^{-3}$, where the derivative is clearly 1:

# %%
near_kink = 1e-3
relu = ta.ReLU()


def central(function, point, step):
    above, below = function(np.array([point + step])), function(np.array([point - step]))
    return float(above[0] - below[0]) / (2 * step)


for step in (1e-4, 1e-3, 2e-3, 1e-2, 1e-1):
    print(f"ε = {step:<7} quotient {central(relu, near_kink, step):.3f}")


# %%
def draw_kink():
    figure = new_figure(6.5, 4.0, "The same check beside a kink and on a smooth curve")
    axes = figure.subplots()
    steps = 10.0 ** np.linspace(-8, 0, 161)
    for name, layer, slope, color in (
        ("ReLU at 0.001", relu, 1.0, PALETTE[1]),
        ("tanh at 0.001", ta.Tanh(), 1 - np.tanh(near_kink) ** 2, PALETTE[0]),
    ):
        values = [abs(central(layer, near_kink, step) - slope) / slope for step in steps]
        axes.loglog(steps, np.maximum(values, 1e-16), color=color, lw=2, label=name)
    axes.axvline(near_kink, color=FAINT, lw=1)
    axes.text(1.2e-3, 2e-15, "distance to the kink", fontsize=SMALL_SIZE, color=INK)
    axes.set_ylim(1e-16, 3)
    axes.legend(frameon=False, fontsize=SMALL_SIZE, loc="center left")
    label(axes, "step ε", "relative error")
    return figure


show(draw_kink(), "kink")

# %% [markdown]
# On the smooth curve the error has the valley we know. Beside the kink there is a cliff: as long
# as the step is shorter than the way to the kink, all is well, and one that is longer is wrong by
# up to a half. In a network with thousands of ReLUs some are always that close to 0, and their
# distance is not known. That is why the bands above are so tolerant of kinks, and why a mistake
# can hide behind the excuse "that must be a kink".
#
# **A question.** A test of a ReLU network fails at 3 of 1,000 weights, with relative errors
# around 0.3. What could you change in the test to learn whether these are kinks or a mistake?
#
# One way: make the step smaller and see whether the error goes away. `ta.gradcheck` does that. And
# where a kink lies in the very point, so that no step is small enough, it takes both slopes: any
# number between them is a fair answer, anything else is a mistake. Kinks are listed, not failed.

# %%
at_the_kink = np.array([[-1.0, 0.0, 1.0]])
report = ta.gradcheck(ta.ReLU(), at_the_kink)
print(report)
assert report.passed
claim("kinks that the check lists", len(report.kinks), 1, 1)


class WrongAtZero(ta.ReLU):
    def backward(self, dy):
        return dy * np.where(self.y > 0, 1.0, np.where(self.y == 0, -0.5, 0.0))


assert not ta.gradcheck(WrongAtZero(), at_the_kink).passed

# %% [markdown]
# ## Why the upstream gradient is random
#
# A layer has many outputs, and one backward pass answers one question only: how does
# $f = \langle dy, y \rangle$ change? With $J$ the matrix of all derivatives
# $\partial y_k / \partial x_i$, it computes $J^\top dy$: one mixture of the rows of $J$, mixed by
# `dy`. The most convenient choice is all ones, so that $f$ is simply the sum of the outputs. But
# then a mistake is invisible if it is invisible *in the sum*. Random numbers have no such
# preference: a mistake that a random `dy` does not see is one that sits exactly at right angles to
# it, and that has probability zero.
#
# How real is this? Batch normalization shifts and scales each feature of a batch to mean 0 and
# variance 1, then multiplies it by a learnt $\gamma$ and adds a learnt $\beta$ (`weight` and
# `bias` in the package). So *the sum of its outputs does not depend on its inputs at all*. With all
# ones the right gradient is 0, and so is that of many a wrong formula. We shall see it in a moment.

# %% [markdown]
# ## Tests that prove nothing
#
# Here is a gradient test as one finds it everywhere: central differences in float64, compared
# with `np.allclose`. Nothing is wrong with it. What is wrong, again and again, is the *point* at
# which it is done.


# %%
def numerical_gradient(function, array, step=1e-5):
    gradient = np.zeros_like(array)
    for place in np.ndindex(*array.shape):
        here = array[place]
        array[place] = here + step
        above = function()
        array[place] = here - step
        below = function()
        array[place] = here
        gradient[place] = (above - below) / (2 * step)
    return gradient


def agrees(layer, x, dy):
    """Whether backward fits the central differences of ⟨dy, layer(x)⟩."""
    layer.astype("float64").zero_grad()
    layer(x)
    pairs = [(x, layer.backward(dy)), *((p.value, p.grad) for p in layer.parameters())]
    return all(
        np.allclose(
            numerical_gradient(lambda: float((dy * layer(x)).sum()), array),
            gradient,
            rtol=1e-5,
            atol=1e-7,
        )
        for array, gradient in pairs
    )


# %% [markdown]
# Each of the next cells has a layer with a wrong backward pass, a test that it passes, and the
# same test made a little harder, which it does not pass. `compare` notes what happens, for the
# right layer as well, and asks `ta.gradcheck` at the harder point.

# %%
table = {}


def compare(name, right, wrong, easy, hard):
    """Test both layers at both points, each made by a function from a layer's class."""
    outcomes = {}
    for which, layer_class in (("right", right), ("wrong", wrong)):
        layer, x, _ = hard(layer_class)
        checked = ta.gradcheck(layer, x).passed
        outcomes[which] = agrees(*easy(layer_class)), agrees(*hard(layer_class)), checked
    table[name] = outcomes
    words = [f"{which} {'passes' if passed[0] else 'FAILS'}" for which, passed in outcomes.items()]
    print(f"easy test: {', '.join(words)}")
    words = [f"{which} {'passes' if passed[1] else 'FAILS'}" for which, passed in outcomes.items()]
    print(f"hard test: {', '.join(words)}")


def normal(*shape):
    return generator.normal(size=shape)


def batch_norm(layer_class, gamma):
    layer = layer_class(3)
    layer.weight.value[...] = gamma
    return layer


# %% [markdown]
# ### All ones, through batch norm
#
# The variance of the batch depends on $x$ too. This backward pass forgets that, and keeps only
# the term of the mean:


# %%
class ForgetsTheVariance(ta.BatchNorm1d):
    def backward(self, dy):
        super().backward(dy)  # fills the gradients of γ and β
        g = self.weight.value * dy
        return (g - g.mean(axis=0)) * self.inverse_std


GAMMA = np.array([0.5, 1.5, -2.0])

compare(
    "all-ones upstream",
    ta.BatchNorm1d,
    ForgetsTheVariance,
    easy=lambda kind: (batch_norm(kind, GAMMA), normal(6, 3), np.ones((6, 3))),
    hard=lambda kind: (batch_norm(kind, GAMMA), normal(6, 3), normal(6, 3)),
)

# %% [markdown]
# With all ones, $g - \bar g$ is 0, and 0 is right. A backward pass that returns nothing but zeros
# would pass as well:


# %%
class ReturnsZeros(ta.BatchNorm1d):
    def backward(self, dy):
        super().backward(dy)
        return np.zeros_like(dy)


assert agrees(batch_norm(ReturnsZeros, GAMMA), normal(6, 3), np.ones((6, 3)))

# %% [markdown]
# ### γ = 1
#
# A fresh batch norm has $\gamma = 1$, so in a test of a fresh layer the factor $\gamma$ can be
# forgotten. The upstream gradient is random here, and it does not help.


# %%
class ForgetsGamma(ta.BatchNorm1d):
    def backward(self, dy):
        return super().backward(dy) / self.weight.value


compare(
    "γ = 1",
    ta.BatchNorm1d,
    ForgetsGamma,
    easy=lambda kind: (batch_norm(kind, 1.0), normal(6, 3), normal(6, 3)),
    hard=lambda kind: (batch_norm(kind, GAMMA), normal(6, 3), normal(6, 3)),
)

# %% [markdown]
# ### Stride = window
#
# Max pooling moves a window over an image and keeps the largest number of each place; the *stride*
# is how far the window moves at a time. The backward pass sends each number of `dy` to the place
# its maximum came from. If windows overlap, one input can be the maximum of several, and what it
# gets must *add up*. Written with `=`, the last window wins. As long as the stride equals the window
# nothing overlaps, and nobody notices.


# %%
class LastWindowWins(ta.MaxPool2d):
    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, dy):
        dx = np.zeros_like(self.x)
        (height, width), (down, right) = self.kernel_size, self.stride
        for n, c, i, j in np.ndindex(*dy.shape):
            window = self.x[n, c, i * down :, j * right :][:height, :width]
            u, v = np.unravel_index(window.argmax(), window.shape)
            dx[n, c, i * down + u, j * right + v] = dy[n, c, i, j]
        return dx


compare(
    "stride = window",
    ta.MaxPool2d,
    LastWindowWins,
    easy=lambda kind: (kind(2), normal(1, 2, 6, 6), normal(1, 2, 3, 3)),
    hard=lambda kind: (kind(3, stride=1), normal(1, 2, 6, 6), normal(1, 2, 4, 4)),
)

# %% [markdown]
# ### Saturated inputs
#
# The derivative of tanh is $1 - y^2$. For large $x$, $y$ is 1 to the last digit and the derivative
# is 0. So is the wrong formula $1 - y$. Large inputs arise without intention, for instance when a
# test takes pixels from 0 to 255.


# %%
class ForgetsTheSquare(ta.Tanh):
    def backward(self, dy):
        return dy * (1 - self.y)


compare(
    "saturated inputs",
    ta.Tanh,
    ForgetsTheSquare,
    easy=lambda kind: (kind(), generator.uniform(20, 255, (4, 3)), normal(4, 3)),
    hard=lambda kind: (kind(), normal(4, 3), normal(4, 3)),
)

# %% [markdown]
# ### A batch of one
#
# And one more: with a single sample, a sum over the batch and a mean over the batch
# are the same.


# %%
class Averages(ta.Linear):
    def backward(self, dy):
        self.weight.grad += dy.T @ self.x / len(dy)
        self.bias.grad += dy.mean(axis=0)
        return dy @ self.weight.value


compare(
    "a batch of one",
    ta.Linear,
    Averages,
    easy=lambda kind: (kind(3, 2), normal(1, 3), normal(1, 2)),
    hard=lambda kind: (kind(3, 2), normal(5, 3), normal(5, 2)),
)

# %% [markdown]
# All of them together. The wrong layer passes every easy test, fails every hard one, and
# `ta.gradcheck` finds it; the right layer passes everything.

# %%
print(f"{'':20}{'wrong layer':^48}{'right layer':^40}")
header = ("easy test", "hard test", "ta.gradcheck")
print(f"{'':20}" + "".join(f"{word:16}" for word in header * 2))
for name, outcomes in table.items():
    cells = [*outcomes["wrong"], *outcomes["right"]]
    print(f"{name:20}" + "".join(f"{'passes' if cell else 'FAILS':16}" for cell in cells))

missed = sum(outcomes["wrong"][0] for outcomes in table.values())
caught = sum(not outcomes["wrong"][2] for outcomes in table.values())
claim("wrong layers that pass their easy test, of 5", missed, 5, 5)
claim("wrong layers that ta.gradcheck finds, of 5", caught, 5, 5)
assert not any(outcomes["wrong"][1] for outcomes in table.values())
assert all(all(outcomes["right"]) for outcomes in table.values())

# %% [markdown]
# `ta.gradcheck` draws a random upstream gradient by itself. The rest is up to you: it looks at the
# layer you give it, with the weights it has, at the input you choose. **Choose a point without
# anything special**: weights that are not 0 or 1, inputs of ordinary size, several samples,
# numbers of samples, inputs and outputs that all differ, windows that overlap, padding that is
# not 0.
#
# **A question.** You test a linear layer with four inputs, four outputs and four samples. Which
# mistakes with transposes could pass that would otherwise have stopped with an error?

# %% [markdown]
# ## The Taylor remainder
#
# Checking every weight costs two evaluations a weight. For a whole model there is a cheaper check,
# which also looks quite different. Take all parameters at once, $\theta$, and walk in *one* random
# direction $d$. With the gradient $g$, Taylor says
#
# $$R_1(h) = \bigl|\, L(\theta + h d) - L(\theta) - h\,\langle g, d \rangle \,\bigr| = O(h^2) .$$
#
# If $g$ is right, everything of first order is subtracted, and the remainder shrinks by 100 when
# $h$ shrinks by 10. If $g$ is wrong, something of first order is left over, and it shrinks by 10.
# So we need not ask how *large* an error may be. We ask for its *order*: 2 is right, 1 is wrong.
#
# The model has a convolution in it. Lesson 8 explains that; here it is one more layer with weights.

# %%
images, labels = ta.data.load(DATA)
pixels = ta.data.scale(images[:50])[:, None].astype("float64")
model = ta.Sequential(
    ta.Conv2d(1, 4, 5, stride=3),
    ta.Tanh(),
    ta.Flatten(),
    ta.Linear(4 * 8 * 8, 10),
).astype("float64")
criterion = ta.CrossEntropyLoss()


def loss():
    return float(criterion(model(pixels), labels[:50]))


loss()
model.zero_grad()
model.backward(criterion.backward())
parameters = model.parameters()
start = [parameter.value.copy() for parameter in parameters]
direction = [normal(*parameter.shape) for parameter in parameters]
for parameter, d in zip(parameters, direction, strict=True):
    d *= np.sign((parameter.grad * d).sum())  # uphill, so that no two terms cancel in the figure
print(f"{model.count_parameters():,} parameters, loss {loss():.4f}")

# %%
LENGTHS = 10.0 ** np.arange(-6, -0.4, 0.25)


def remainders(gradient):
    """R₁ for each length of the step along the direction."""
    slope = sum(float((g * d).sum()) for g, d in zip(gradient, direction, strict=True))
    at_rest, values = loss(), []
    for length in LENGTHS:
        for parameter, origin, d in zip(parameters, start, direction, strict=True):
            parameter.value[...] = origin + length * d
        values.append(abs(loss() - at_rest - length * slope))
        for parameter, origin in zip(parameters, start, strict=True):
            parameter.value[...] = origin
    return np.array(values)


gradient = [parameter.grad for parameter in parameters]
one_percent_off = [0.99 * gradient[0], *gradient[1:]]
curves = {
    "right gradient": remainders(gradient),
    "convolution's weights off by 1%": remainders(one_percent_off),
    "no gradient at all: |L(θ + hd) − L(θ)|": remainders([0 * g for g in gradient]),
}


# %%
def draw_remainders():
    figure = new_figure(7.0, 4.6, "What the gradient leaves unexplained")
    axes = figure.subplots()
    for color, (name, values) in zip((PALETTE[0], PALETTE[1], INK), curves.items(), strict=True):
        axes.loglog(LENGTHS, values, "o-", color=color, lw=1.8, markersize=3.5, label=name)
    for order, foot, name in ((1, 1.5e-6, "as h"), (2, 2e-9, "as h²")):
        ends = np.array([1e-5, 3e-4])
        axes.loglog(ends, foot * (ends / 1e-4) ** order, ":", color=INK, lw=1.2)
        place = (3.6e-4, foot * 3.0**order)
        axes.text(*place, name, fontsize=SMALL_SIZE, color=INK, va="center")
    axes.set_ylim(1e-14, 1e2)
    axes.legend(frameon=False, fontsize=SMALL_SIZE, loc="upper left")
    label(axes, "length h of the step", "remainder R₁(h)")
    return figure


show(draw_remainders(), "taylor-remainder")


# %%
def order(values, low=1e-6, high=1e-5):
    inside = slice(*np.searchsorted(LENGTHS, (0.9 * low, 1.1 * high)))
    return float(np.polyfit(np.log(LENGTHS[inside]), np.log(values[inside]), 1)[0])


for name, values in curves.items():
    print(f"order {order(values):.3f}: {name}")

right, wrong, none = (order(values) for values in curves.values())
claim("order of the remainder, right gradient", right, 1.95, 2.05)
claim("order of the remainder, one tensor off by 1%", wrong, 0.9, 1.2)
claim("order of the remainder, no gradient", none, 0.95, 1.05)

# %% [markdown]
# For long steps the two coloured curves run together, since the second order outweighs 1% of the
# first. As the steps get shorter they part. The order shows a mistake that no single number would
# have shown, and it did so with one evaluation for each length, whatever the number of
# parameters. `ta.gradcheck` goes along random directions too, with central differences, when a
# tensor is too large to be checked number by number.
#
# **A question.** For which functions is the remainder exactly 0, and the order no test? What
# would the blue curve look like for the sum of the outputs of one layer of ReLUs, which is built
# of flat pieces?

# %%
report = ta.gradcheck(model, pixels[:4])
print(report)
assert report.passed

# %% [markdown]
# ## Summary
#
# - Central differences err by $\varepsilon^2$ and by rounding over $\varepsilon$; the best step is
#   near the cube root of the precision. Use float64: in float32 even a right gradient looks
#   doubtful.
# - A relative error below $10^{-7}$ is what a right gradient of a smooth function gives in
#   float64. Anything above has a reason, and "a kink" is a reason only if it has been looked at.
# - A check is as good as its point. Random upstream gradient, ordinary weights, ordinary inputs,
#   several samples, sizes that differ, windows that overlap.
# - For a whole model, the order of the Taylor remainder: 2 is right, 1 is wrong.
#
# ## Questions
#
# 1. Find a wrong backward pass for `ta.Linear` that passes for $x = 0$, and one that passes for
#    $W = 0$.
# 2. The check of a dropout layer must draw the same mask at every call. What would happen
#    otherwise? (`ta.gradcheck` sees to it.)
# 3. A gradient check compares `backward` with `forward`. Which mistakes can it therefore never
#    find? Lesson 12 has a collection.
#
# **Exercises.** 2.1 to 2.3 of `tinyae learn`, which checks them and names the mistake.
