# %% [markdown]
# # 1. One layer by hand
#
# A network is a chain of layers, and training is one idea applied to each of them: *how would
# the loss change if this number changed a little?* In this lesson we take a single linear layer
# with eight numbers in it and answer that question for every one of them. It is so small that you
# can follow with a pencil. Please do: nothing in this course is harder.
#
# At the end you will know
#
# - what a linear layer computes, what a loss is, and what one step of gradient descent does;
# - how the backward pass of a layer is derived, and how shapes tell you whether it can be right;
# - how to check a derivative you have written by hand;
# - how to write a layer of your own that trains, saves and is checked like the package's.
#
# You need Python, NumPy, and to know what a derivative is.

# %%
import tempfile
from pathlib import Path

import numpy as np
from course import DATA, choose, claim, show, show_page, show_source

import tinyae as ta
from tinyae.views.plots.style import FAINT, INK, PALETTE, SMALL_SIZE, label, new_figure

ta.seed(0)
np.set_printoptions(precision=4, suppress=True)

# %% [markdown]
# ## The layer
#
# A *linear layer* turns a row of inputs into a row of outputs. Each output is a weighted sum of
# all inputs plus a number of its own, the *bias*. For sample $n$ and output $i$,
#
# $$y_{ni} = \sum_j W_{ij}\, x_{nj} + b_i .$$
#
# Several samples are processed together, as the rows of a matrix: a *batch*. For the whole batch
# the formula reads $y = x W^\top + b$.
#
# | what | letter | shape | here |
# |---|---|---|---|
# | inputs | $x$ | (samples, inputs) | (2, 3) |
# | weights | $W$ | (outputs, inputs) | (2, 3) |
# | biases | $b$ | (outputs,) | (2,) |
# | outputs | $y$ | (samples, outputs) | (2, 2) |
#
# Here are two samples with three inputs each, and a layer with two outputs.

# %%
x = np.array([[1.0, 2.0, 0.0], [-1.0, 1.0, 2.0]])
W = np.array([[0.5, -0.5, 1.0], [1.0, 0.0, -0.5]])
b = np.array([1.0, 0.0])

y = x @ W.T + b
print(y)

# %% [markdown]
# The first number by hand: $0.5 \cdot 1 - 0.5 \cdot 2 + 1 \cdot 0 + 1 = 0.5$ from the first row
# of $W$, the first row of $x$ and the first bias. Compute one of the other three before you
# read on.

# %%
first = W[0, 0] * x[0, 0] + W[0, 1] * x[0, 1] + W[0, 2] * x[0, 2] + b[0]
print(first)
assert first == y[0, 0]

# %% [markdown]
# ## The loss
#
# We want other outputs than these: the *targets* $t$. The *loss* is one number that says how far
# off we are. Here it is the sum of the squared errors,
#
# $$L = \sum_{n,i} (y_{ni} - t_{ni})^2 .$$
#
# It is 0 when every output is right, and never negative.

# %%
t = np.array([[1.0, 0.0], [0.0, -2.5]])


def loss(W, b):
    return ((x @ W.T + b - t) ** 2).sum()


print("errors:", *(y - t), "loss:", loss(W, b), sep="\n")

# %% [markdown]
# ## Backwards, first step: from the loss to the outputs
#
# Which way should each *output* move to make the loss smaller? Only one term of the sum contains
# $y_{ni}$, so the derivative is short:
#
# $$\frac{\partial L}{\partial y_{ni}} = 2\,(y_{ni} - t_{ni}) .$$
#
# All these derivatives together are the *gradient of the loss with respect to $y$*. We write it
# `dy`. It has one number for each number in $y$: **a gradient always has the shape of the thing
# it belongs to.** A positive number says: if this output grew, the loss would grow.

# %%
dy = 2 * (y - t)
print(dy)

# %% [markdown]
# ## Backwards, second step: from the outputs to the weights
#
# The weight $W_{ij}$ touches the loss through output $i$ of *every* sample. The chain rule says:
# follow each of these ways, multiply the derivatives along it, and add up the ways.
#
# $$\frac{\partial L}{\partial W_{ij}}
#   = \sum_n \frac{\partial L}{\partial y_{ni}} \cdot
#            \frac{\partial y_{ni}}{\partial W_{ij}}
#   = \sum_n dy_{ni}\, x_{nj} .$$
#
# The second factor is read off the layer's formula: $W_{ij}$ is multiplied by $x_{nj}$ there.
# For one sample this is a small table: each number of `dy` times each number of `x`. The samples'
# tables add up.

# %%
for n in range(len(x)):
    print(f"sample {n} contributes\n{np.outer(dy[n], x[n])}")

dW = sum(np.outer(dy[n], x[n]) for n in range(len(x)))
print(f"in sum\n{dW}")

# %% [markdown]
# A sum over $n$ of products is a matrix product, so the whole of it is one expression. The shapes
# leave no choice: `dW` must be (2, 3) like $W$; `dy` is (samples, 2) and `x` is (samples, 3). The
# only product that gives (2, 3) *and* sums over the samples is `dy.T @ x`.

# %%
assert np.array_equal(dW, dy.T @ x)
assert dW.shape == W.shape

# %% [markdown]
# The bias $b_i$ is added to output $i$ of every sample, with factor 1. The input $x_{nj}$ goes
# into every output $i$ of its own sample, multiplied by $W_{ij}$:
#
# $$\frac{\partial L}{\partial b_i} = \sum_n dy_{ni}, \qquad
#   \frac{\partial L}{\partial x_{nj}} = \sum_i dy_{ni}\, W_{ij} .$$
#
# Why would we want the gradient of the *inputs*, which nobody is going to change? Because in a
# network they are the outputs of the layer below. `dx` of this layer is `dy` of that one, and
# this is all there is to *backpropagation*.

# %%
db = dy.sum(axis=0)
dx = dy @ W
print("db:", db, "dx:", dx, sep="\n")
assert db.shape == b.shape
assert dx.shape == x.shape

# %% [markdown]
# | gradient | formula | shapes |
# |---|---|---|
# | $dW$ | `dy.T @ x` | (outputs, samples) · (samples, inputs) → (outputs, inputs) |
# | $db$ | `dy.sum(axis=0)` | (samples, outputs) → (outputs,) |
# | $dx$ | `dy @ W` | (samples, outputs) · (outputs, inputs) → (samples, inputs) |
#
# Note what did *not* happen: nothing was divided by the number of samples. Whether the loss adds
# up or averages has been decided by the loss, and `dy` carries that decision. A layer that
# averaged once more would be wrong.

# %% [markdown]
# ## One step of gradient descent
#
# The gradient points in the direction in which the loss grows fastest. So we go the other way, by
# the gradient times a small factor $\eta$, the *learning rate*:
#
# $$W \leftarrow W - \eta\, dW, \qquad b \leftarrow b - \eta\, db .$$

# %%
learning_rate = 0.05
new_W = W - learning_rate * dW
new_b = b - learning_rate * db

before, after = loss(W, b), loss(new_W, new_b)
print(f"loss before {before}, after {after:.4f}")

# %% [markdown]
# The gradient also makes a promise. To first order, a step of $\eta$ lowers the loss by
# $\eta \lVert g \rVert^2$, where $\lVert g \rVert^2$ is the sum of the squares of all eight
# derivatives. A promise "to first order" holds for a *small* step. Let us see how small.

# %%
slope = (dW**2).sum() + (db**2).sum()
for rate in (0.0001, 0.001, 0.01, 0.05, 0.15):
    promised, real = rate * slope, before - loss(W - rate * dW, b - rate * db)
    print(f"learning rate {rate:6}: promised {promised:8.4f}, got {real:8.4f}")


# %%
def draw_one_step():
    figure = new_figure(6.5, 4.0, "The loss after one step, against the size of the step")
    axes = figure.subplots()
    rates = np.linspace(0, 0.155, 200)
    losses = [loss(W - rate * dW, b - rate * db) for rate in rates]
    axes.plot(rates, losses, color=PALETTE[0], lw=2, label="loss after the step")
    promise = before - rates * slope
    axes.plot(rates, promise, color=PALETTE[1], lw=1.5, ls="--", label="what the gradient promises")
    axes.plot([learning_rate], [after], "o", color=PALETTE[0])
    axes.annotate(
        "our step",
        (learning_rate, after),
        textcoords="offset points",
        xytext=(7, 7),
        fontsize=SMALL_SIZE,
        color=INK,
    )
    axes.axhline(before, color=FAINT, lw=1)
    axes.set_ylim(0, 1.6 * before)
    axes.legend(frameon=False, fontsize=SMALL_SIZE, loc="upper center")
    label(axes, "learning rate η", "loss L (sum of squared errors)")
    return figure


show(draw_one_step(), "one-step")

# %% [markdown]
# The dashed line is the tangent at $\eta = 0$: the gradient knows the slope where we stand, and
# nothing else. The loss itself is a parabola, because it is a square of something linear. Our
# step was already far out where the tangent promises a loss below zero, and yet it was a good
# one. The grey line is where we came from: a step that lands above it has made things worse.
#
# **A question.** From the figure, at which learning rate is one step best, and from which on is
# it harmful? Why is the second number twice the first?
#
# (In the next cell, `claim` prints a number that the text relies on, and stops if it is not
# between the two bounds. All lessons do this.)

# %%
claim("loss before the step", before, 5.5, 5.5)
claim("loss after one step at 0.05", after, 0.9425 - 1e-9, 0.9425 + 1e-9)
small = 1e-6
kept = (before - loss(W - small * dW, b - small * db)) / (small * slope)
claim("part of the promise that a step of 0.000001 keeps", kept, 0.9999, 1.0)

# %% [markdown]
# ## Is the derivation right?
#
# We have derived three formulas. One wrong index and training would still *run*: the loss would
# fall a little more slowly, and nobody would notice. So we check, and the check uses nothing of
# the derivation. A derivative is a limit of quotients, so compute the quotient: move one number a
# little to both sides, and look at what the loss does.
#
# $$\frac{\partial L}{\partial \theta} \approx
#   \frac{L(\theta + \varepsilon) - L(\theta - \varepsilon)}{2 \varepsilon}$$
#
# This is a *central difference*. It takes two evaluations of the loss for each number: hopeless
# for training, perfect for a check.


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


# %%
worst = 0.0
for name, array, analytic in (("W", W, dW), ("b", b, db), ("x", x, dx)):
    numerical = numerical_gradient(lambda: loss(W, b), array)
    print(f"\n{name:4}{'by hand':>12}{'numerical':>16}{'relative error':>16}")
    for place in np.ndindex(*array.shape):
        a, n = analytic[place], numerical[place]
        error = abs(a - n) / max(abs(a), abs(n))
        worst = max(worst, error)
        print(f"{list(place)!s:8}{a:8.2f}{n:16.10f}{error:16.1e}")

# %% [markdown]
# Two roads, one from algebra and one from subtraction, and they meet in about ten digits. That
# cannot be luck: fourteen numbers agree. What is left is rounding. The error is always given
# *relative* to the derivative, because 0.001 is nothing beside 1,000 and everything beside 0.002.
# Lesson 2 is about this check: how good it can be, and how it can fool you.

# %%
claim("largest relative error of the 14 derivatives", worst, 0, 1e-8)

# %% [markdown]
# ## The package's layer
#
# Here are the two methods of `ta.Linear`, as the package runs them. You know every line;
# `matmul(a, b)` is `a @ b`, with the rows of `a` shared between the cores.

# %%
show_source(ta.Linear.forward, ta.Linear.backward)

# %% [markdown]
# Three customs of the house are in these lines.
#
# - `forward` remembers on `self` what `backward` will need: the inputs, since $dW$ contains them.
# - `backward` takes `dy` and returns `dx`. It never changes a weight; that is another's work.
# - It **adds** to the gradients (`+=`). A layer that is used twice gets the sum of both, as the
#   chain rule wants it; whoever does not want the sum calls `zero_grad()` first.
#
# With our numbers in it, the layer gives our results.

# %%
layer = ta.Linear(3, 2).astype("float64")
layer.load_state_dict({"weight": W, "bias": b})

criterion = ta.MSELoss(reduction="sum")
print("loss", criterion(layer(x), t))

layer_dx = layer.backward(criterion.backward())
assert np.allclose(layer.weight.grad, dW)
assert np.allclose(layer.bias.grad, db)
assert np.allclose(layer_dx, dx)

# %% [markdown]
# And the check by hand is one call, `ta.gradcheck`. It works on a copy of the layer, for all its
# parameters and its input. The derivatives it prints are not ours, because it does not know our
# loss: it starts the backward pass from a random `dy`. Lesson 2 tells why.

# %%
report = ta.gradcheck(layer, x)
print(report)
assert report.passed

# %% [markdown]
# A check that never fails proves nothing. So let us plant a mistake: a layer that averages the
# gradient of its weights over the batch.


# %%
class Averages(ta.Linear):
    def backward(self, dy):
        self.weight.grad += dy.T @ self.x / len(dy)  # wrong: the loss decides that
        self.bias.grad += dy.sum(axis=0)
        return dy @ self.weight.value


report = ta.gradcheck(Averages(3, 2), x)
print(report)
claim("tensors found wrong in the layer that averages", len(report.findings), 1, 1)
assert report.findings[0].tensor == "weight"

# %% [markdown]
# ## Many steps
#
# Training is the same step again and again. An *optimizer* does the subtraction for all
# parameters of a model. Each turn of the loop has four moves: clear the gradients, loss,
# backward, step.


# %%
def train(learning_rate, steps=60):
    layer.load_state_dict({"weight": W, "bias": b})
    optimizer = ta.SGD(layer.parameters(), lr=learning_rate)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        losses.append(float(criterion(layer(x), t)))
        layer.backward(criterion.backward())
        optimizer.step()
    return losses


runs = {rate: train(rate) for rate in (0.005, 0.02, 0.06, 0.115, 0.12)}


# %%
def draw_runs():
    figure = new_figure(6.5, 4.0, "The same layer at five learning rates")
    axes = figure.subplots()
    for color, (rate, losses) in zip(PALETTE, runs.items(), strict=False):
        axes.semilogy(losses, color=color, lw=1.8, label=f"η = {rate}")
    axes.set_ylim(1e-8, 1e3)
    axes.legend(frameon=False, fontsize=SMALL_SIZE, loc=(0.8, 0.16))
    label(axes, "step", "loss L (logarithmic scale)")
    return figure


show(draw_runs(), "learning-rates")

# %% [markdown]
# A straight line on this scale is a loss that shrinks by the same factor at every step. A small
# learning rate is slow and safe. A larger one is faster. Just below a limit the steps overshoot
# and come back, and hardly gain; just above it each step overshoots by more than the last, and
# the loss grows without end.
#
# Where is the limit? The loss is a parabola along every direction, and the steepest one decides.
# With $\lambda$ the largest eigenvalue of $2\,\tilde x^\top \tilde x$ ($\tilde x$ is $x$ with a
# column of ones for the bias), steps shrink the error only if $\eta < 2/\lambda$.

# %%
with_ones = np.column_stack([x, np.ones(len(x))])
limit = 2 / np.linalg.eigvalsh(2 * with_ones.T @ with_ones).max()
print(f"the limit for this layer and these inputs: {limit:.4f}")

claim("loss after 60 steps at 0.06", runs[0.06][-1], 0, 1e-6)
claim("limit of the learning rate", limit, 0.115, 0.12)
claim("loss at 0.115, last over first", runs[0.115][-1] / runs[0.115][0], 0, 1)
claim("loss at 0.12, last over first", runs[0.12][-1] / runs[0.12][0], 1)

# %% [markdown]
# **A question.** If you multiply all inputs by 10, what happens to the limit? (This is why people
# scale their data before they train.)
#
# ## One step as a film
#
# `ta.trace` records what happens inside its block, here line by line. The page that comes of it
# plays the step: the code that runs, and the numbers it makes. Click on a weight. It stays marked,
# and the list on the right says what it is in the forward pass, what its gradient is, and what the
# update makes of it. Find the numbers that you computed by hand.

# %%
layer.load_state_dict({"weight": W, "bias": b})
layer.zero_grad()
optimizer = ta.SGD(layer.parameters(), lr=0.06)
with ta.trace(layer, lines=True) as tape:
    criterion(layer(x), t)
    layer.backward(criterion.backward())
    optimizer.step()

show_page(tape.to_html, "one-step")
claim("steps of the film", len(tape.steps), 6, 6)

# %% [markdown]
# ## A layer of your own
#
# Now you write one. The contract is short: subclass `ta.Layer`, call `super().__init__()`, put
# each array to be learnt into a `ta.Parameter`, and write `forward` and `backward`. Nothing is
# registered or declared.
#
# As an example, take *swish* (Ramachandran, Zoph and Le, 2017), a smooth relative of
# $\mathrm{ReLU}(x) = \max(x, 0)$. It has a slope $\beta$ that each *feature* (each column of the
# batch) learns for itself:
#
# $$y = x \cdot s, \qquad s = \sigma(u), \qquad u = \beta x,
#   \qquad \sigma(u) = \frac{1}{1 + e^{-u}} .$$
#
# For the backward pass, walk from $y$ to $x$ and count the ways. There are two: $x$ is a factor
# of $y$ itself, and it is inside $s$. Their contributions add up:
#
# $$ds = dy \cdot x, \qquad du = ds \cdot \sigma'(u), \qquad
#   dx = \underbrace{dy \cdot s}_{\text{directly}}
#      + \underbrace{du \cdot \beta}_{\text{through } s},
#   \qquad d\beta = \sum_n du \cdot x .$$
#
# $\beta$ has one number a feature and meets every sample: it was *broadcast* over the batch. The
# backward pass of a broadcast is a sum, over the axis that was broadcast. (The bias above was the
# first example.) For $\sigma$ and its derivative we use the package's own layer inside ours.


# %%
class Swish(ta.Layer):
    """y = x σ(βx), with a β for each feature that is learnt."""

    def __init__(self, features):
        super().__init__()
        self.beta = ta.Parameter(np.ones(features))
        self.sigmoid = ta.Sigmoid()

    def forward(self, x):
        self.x = x
        self.s = self.sigmoid(self.beta.value * x)
        return x * self.s

    def backward(self, dy):
        du = self.sigmoid.backward(dy * self.x)
        self.beta.grad += (du * self.x).sum(axis=0)
        return dy * self.s + du * self.beta.value


# %% [markdown]
# The first thing to do with a new layer is not to train it. It is to check it.

# %%
generator = np.random.default_rng(0)
report = ta.gradcheck(Swish(4), generator.normal(size=(5, 4)))
print(report)
assert report.passed

# %% [markdown]
# Passed, with a warning: every $\beta$ is still 1, and a factor of 1 that one forgets changes
# nothing. So we give $\beta$ other values, as the warning says, and check again.

# %%
swish = Swish(4)
swish.beta.value[...] = np.linspace(0.5, 1.5, 4)
report = ta.gradcheck(swish, generator.normal(size=(5, 4)))
print(report)
assert report.passed


# %% [markdown]
# And would the check have noticed if we had forgotten one of the two ways?


# %%
class ForgetsAWay(Swish):
    def backward(self, dy):
        super().backward(dy)
        return dy * self.s


print(ta.gradcheck(ForgetsAWay(4), generator.normal(size=(5, 4))))

# %% [markdown]
# It would. Now the layer may take its place between others. This network reads a digit: 784
# pixels, 32 features, our layer, ten scores. `ta.fit` runs the four moves of the loop for every
# batch. Two things in it are new, and you may take them as given for now: `CrossEntropyLoss`, a
# loss for scores, and `Adam`, an optimizer that fits the size of the step to each parameter.
# (`choose` takes its first value in the fast mode of the lesson, its second in the full mode.)

# %%
images, labels = ta.data.load(DATA)
test_images, test_labels = ta.data.load(DATA, split="test")
samples = choose(4_000, 60_000)
pixels = ta.data.scale(images[:samples]).reshape(-1, 784)
test_pixels = ta.data.scale(test_images).reshape(-1, 784)

model = ta.Sequential(ta.Linear(784, 32), Swish(32), ta.Linear(32, 10))
batches = ta.data.DataLoader(pixels, labels[:samples], batch_size=100, shuffle=True)
history = ta.fit(
    model,
    batches,
    epochs=choose(6, 4),
    optimizer=ta.Adam(model.parameters(), lr=choose(5e-3, 2e-3)),
    loss=ta.CrossEntropyLoss(),
    progress=False,
)


def accuracy(model):
    return float((model(test_pixels).argmax(axis=1) == test_labels).mean())


print(f"trained on {samples:,} images of {DATA!r}; the mean loss of each epoch:")
print(np.array(history["loss"]))
print(f"test images read correctly: {accuracy(model):.1%}")


# %%
def draw_swish():
    figure = new_figure(6.5, 4.0, "What 32 features made of their β")
    axes = figure.subplots()
    points = np.linspace(-6, 2, 200)[:, None].astype("float32")
    layer = model[1]
    for value in np.sort(layer.beta.value):
        curve = Swish(1)
        curve.beta.value[...] = value
        axes.plot(points, curve(points), color=PALETTE[0], lw=0.8, alpha=0.6)
    axes.plot([], [], color=PALETTE[0], lw=0.7, label="learnt, a line a feature")
    axes.plot(points, Swish(1)(points), color=PALETTE[1], lw=2, label="at the start, β = 1")
    axes.plot(points, ta.ReLU()(points), color=INK, lw=1, ls="--", label="ReLU, β → ∞")
    axes.set_ylim(-0.5, 1.5)
    axes.legend(frameon=False, fontsize=SMALL_SIZE)
    label(axes, "x", "y = x σ(βx)")
    return figure


show(draw_swish(), "swish")
print("β from", model[1].beta.value.min(), "to", model[1].beta.value.max())

# %% [markdown]
# **A question.** What does swish become for $\beta = 0$, and for $\beta \to \infty$? What could
# the network not do if all its features chose $\beta = 0$?
#
# The layer is saved and loaded with the rest of the model, and appears in its summary, though the
# package has never heard of it.

# %%
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "swish.npz"
    ta.save(model, path)
    again = ta.load(path)

assert np.array_equal(again(test_pixels[:100]), model(test_pixels[:100]))
print(ta.summary(model, (784,)))

# %%
claim("accuracy on the test images", accuracy(model), choose(0.9, 0.94), 1)
claim("how far the learnt β are spread", float(np.ptp(model[1].beta.value)), 0.1)
claim("parameters", model.count_parameters(), 25_482, 25_482)

# %% [markdown]
# ## Summary
#
# - A layer computes $y$ from $x$; its backward pass computes $dx$ and the gradients of its
#   parameters from $dy$. A gradient has the shape of the thing it belongs to.
# - The chain rule: along each way multiply, over all ways add. A sum over samples in the formula
#   of $dW$, two terms in $dx$ of swish: always a sum over ways.
# - A step of gradient descent trusts the slope where you stand. Too long a step lands higher.
# - Central differences check a derivation without using it. Check first, then train.
# - A layer of your own is a subclass with two methods.
#
# ## Questions
#
# 1. The second output of our layer does not depend on the third weight of the first row. Where in
#    the formula of $dW$ do you see that?
# 2. Leave the bias out of `Linear`. Which formulas change? Can the layer still reach a loss of 0
#    with our two samples? And with four samples, with and without the bias?
# 3. Write the layer $y = x + v$ with a learnt $v$ of one number a feature, and check it. Then
#    write one that normalizes each row to length 1: $y = x / \lVert x \rVert$. How many ways lead
#    from one $x$ to one $y$?
#
# **Exercises.** 1.1 to 1.4 of `tinyae learn`, which checks them and names the mistake.
