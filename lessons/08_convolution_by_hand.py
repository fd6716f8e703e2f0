# %% [markdown]
# # 8. Convolution by hand
#
# At the end of this lesson you will know
#
# - what a convolution layer computes, as four loops that you can follow with a finger;
# - that forward and backward pass need three routines (*kernels*), and that these are one sum seen
#   from three sides;
# - how the loops become one matrix product ("im2col"), and what that buys;
# - why the transposed convolution of a decoder *is* the backward pass of a convolution;
# - the arithmetic of stride, padding and output padding.
#
# You need lessons 1 and 2. Lesson 9 puts the layers to use. The document whose layers appear below
# is the course's document on variational autoencoders.

# %%
from operator import itemgetter
from time import perf_counter

import numpy as np
from course import DATA, choose, claim, show, show_page, show_source
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import tinyae as ta
from tinyae.layers import kernels, naive
from tinyae.recipes import networks
from tinyae.views.plots.sheets import show_sheet
from tinyae.views.plots.style import INK, LABEL_SIZE, PALETTE, SIGNED, new_figure

ta.seed(0)
random = np.random.default_rng(0)

# %% [markdown]
# ## One number
#
# Take an image $x$, a small table of weights $w$, the *filter*, and lay the filter somewhere onto
# the image. Multiply each weight with the pixel under it and add up. That is one number of the
# output. For a 3 × 3 filter whose corner lies on pixel $(i, j)$,
#
# $$y_{ij} = \sum_{u=0}^{2} \sum_{v=0}^{2} w_{uv}\, x_{i+u,\,j+v} .$$
#
# (Signal processing turns the filter around first and calls *that* a convolution, and this a
# correlation. In networks the weights are learnt, so it does not matter; the name stuck.)

# %%
images, labels = ta.data.load(DATA)
digit = images[2] / 255
edge = np.array([[-1.0, 0.0, 1.0]] * 3)  # dark on the right, light on the left
i, j = np.argwhere(digit > 0.5)[0]  # the first dark pixel, in reading order
window = digit[i : i + 3, j : j + 3]
print(f"window at ({i}, {j}):", window.round(2), "filter:", edge, sep="\n")
print("one number of the output:", (edge * window).sum().round(3))

# %% [markdown]
# ## All numbers: four loops
#
# A layer has several output channels $o$, each with a filter of its own for every input channel
# $c$; it takes a batch of samples $n$; the filter may move in steps (the stride $s$); and there may
# be a border of zeros around the image (the padding). With $\tilde x$ for the image and its border,
#
# $$y_{noij} = \sum_{c,u,v} w_{ocuv}\, \tilde x_{n,\,c,\,s i+u,\,s j+v} .$$
#
# Four indices on the left: four loops. Three under the sum: the `.sum()` in the innermost line.
#
# (*Kernel* has two meanings, both common. In the text it is a routine such as this one; in the
# code, `kernel` and `kernel_size` are the size of the filter.)

# %%
show_source(naive.correlate, naive._window)

# %% [markdown]
# Four filters on one digit. A border of zeros, one pixel wide, gives the output the size of the image.

# %%
filters = {
    "edge, upright": edge,
    "edge, lying": edge.T,
    "blur": np.full((3, 3), 1 / 9),
    "contrast": np.array([[0.0, -1, 0], [-1, 4, -1], [0, -1, 0]]),
}
weight = np.stack(list(filters.values()))[:, None]
y = naive.correlate(digit[None, None], weight, (1, 1), (1, 1))
print("x", digit[None, None].shape, "  w", weight.shape, "  y", y.shape)

figure = new_figure(11, 2.9, "One digit through four filters")
panels = figure.subplots(1, 5)
show_sheet(panels[0], digit[None], 1)
panels[0].set_title("the image", fontsize=LABEL_SIZE, color=INK)
for axes, name, response in zip(panels[1:], filters, y[0], strict=True):
    limit = np.abs(response).max()
    show_sheet(axes, response[None], 1, (-limit, limit), SIGNED)
    axes.set_title(name, fontsize=LABEL_SIZE, color=INK)
figure.supxlabel("red: positive, white: 0, blue: negative", fontsize=9, color=INK)
show(figure, "filters")
claim("the loops against the number by hand", y[0, 0, i + 1, j + 1] - (edge * window).sum(), 0, 0)

# %% [markdown]
# **A question.** Why is the upright edge red on one side of a stroke and blue on the other? And why
# did the last line look at $y_{i+1,\,j+1}$ for the window that begins at $(i, j)$?
#
# A filter has few weights and uses them everywhere. Compare a convolution with a linear layer that
# makes an output of the same size:

# %%
first, second = ta.Conv2d(1, 4, kernel_size=3), ta.Conv2d(4, 8, kernel_size=3)
print(f"Conv2d(1, 4, 3) on 28 × 28: {first.count_parameters():>9,} parameters")
print(f"Conv2d(4, 8, 3) on 26 × 26: {second.count_parameters():>9,} parameters")
dense = 28 * 28 * 4 * 26 * 26 + 4 * 26 * 26
print(f"Linear(28·28, 4·26·26):     {dense:>9,} parameters")
claim("parameters of the first convolution", first.count_parameters(), 40, 40)
claim("parameters of the second convolution", second.count_parameters(), 296, 296)

# %% [markdown]
# ## A convolution is a matrix
#
# Each $y$ is a weighted sum of the $x$ (we leave out the bias). So, for a given filter, the layer
# is a linear map: there is a matrix $A$ with $y = Ax$, both written as long vectors. Take an
# image of 4 × 4 and a filter of 3 × 3. There are four windows, so $A$ has 4 rows and 16 columns.
# Column $j$ of $A$ is what the layer makes of an image that is 1 at pixel $j$ and 0 elsewhere.
# All 16 such images are one batch.

# %%
w = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)  # the weights are called 1 to 9
units = np.eye(16).reshape(16, 1, 4, 4)
A = naive.correlate(units, w, (1, 1), (0, 0)).reshape(16, 4).T
print(A.astype(int))

x = random.standard_normal((1, 1, 4, 4))
y = naive.correlate(x, w, (1, 1), (0, 0))
claim("A x against the loops", np.abs(A @ x.ravel() - y.ravel()).max(), 0, 1e-12)

# %% [markdown]
# Now the backward pass is a matter of lesson 1. For $y = Ax$ the chain rule says
#
# $$\frac{\partial L}{\partial x} = A^\top \frac{\partial L}{\partial y} .$$
#
# What does $A^\top$ do, as loops? Read a *column* of $A$: it lists the outputs that pixel $j$ went
# into, and with which weight. So each output gives its gradient back to all pixels of its window,
# weighted. Where windows overlap the shares add up: mind the `+=`.

# %%
show_source(naive.correlate_input_gradient)

# %%
outputs = np.eye(4).reshape(4, 1, 2, 2)
At = naive.correlate_input_gradient(outputs, w, (1, 1), (0, 0), (4, 4)).reshape(4, 16).T
claim("matrix of the second kernel against the transpose of A", np.abs(At - A.T).max(), 0, 0)


# %%
def board(columns: float, rows: float, title: str) -> tuple[Figure, Axes]:
    """A figure to lay tables on, with so many cells to the right and down."""
    figure = new_figure(0.36 * columns, 0.36 * rows + 0.8, title)
    axes = figure.subplots()
    axes.set(xlim=(-0.1, columns + 0.1), ylim=(rows + 0.1, -1.2))
    axes.axis("off")
    return figure, axes


def lay(axes: Axes, table: np.ndarray, left: float, top: float, title: str, largest: float) -> None:
    """A table of whole numbers on the board, shaded up to the largest; zeros stay empty."""
    rows, columns = table.shape
    shown, place = np.where(table == 0, np.nan, table), (left, left + columns, top + rows, top)
    axes.imshow(shown, cmap="YlGnBu", vmin=0, vmax=2 * largest, extent=place)
    for (row, column), number in np.ndenumerate(table):
        corner = left + column, top + row
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor="#c8c8c8", lw=0.6))
        if number:
            middle = corner[0] + 0.5, corner[1] + 0.5
            axes.text(*middle, f"{number:.0f}", ha="center", va="center", size=8.5, color=INK)
    axes.text(left + columns / 2, top - 0.3, title, ha="center", size=LABEL_SIZE, color=INK)


figure, axes = board(27, 16, "A convolution, 4 × 4 → 2 × 2, and its transpose")
lay(axes, w[0, 0], 0.5, 0, "filter", 9)
lay(axes, A, 5.5, 0, "$A$: 4 outputs × 16 pixels", 9)
lay(axes, A.T, 23, 0, r"$A^\top$", 9)
lay(axes, np.arange(1, 17).reshape(4, 4), 0, 7, "pixels", np.inf)
lay(axes, np.arange(1, 5).reshape(2, 2), 5.5, 7, "outputs", np.inf)
show(figure, "matrix")

# %% [markdown]
# A dense layer of this size would have 64 weights. $A$ has nine, each of them in every row: that
# is *weight sharing*. And many places are empty, as a window sees only a part of the image. For a
# real image nearly all of them are.
#
# **A question.** Pixel 1 is a corner, pixel 6 lies inside. How do their rows in $A^\top$ differ?
# What does that mean for the gradients that pixels at the border receive?
#
# ## The adjoint test
#
# Nobody builds $A$ for a real layer: for the document's first layer it would have 2,704 × 784
# entries. How can you test a backward pass without it? By the property that defines the
# transpose: for all $x$ and all $y$,
#
# $$\langle A x,\, y\rangle = \langle x,\, A^\top y\rangle .$$
#
# Draw both at random. If the two numbers differ, the backward pass is wrong. No derivative, no
# step size, and no error but rounding. We take images, windows, strides and borders that differ
# between the two directions, so that swapped axes cannot hide.

# %%
geometries = [  # image, window, stride, padding
    ((7, 9), (3, 3), (1, 1), (0, 0)),
    ((7, 9), (3, 2), (2, 1), (1, 0)),
    ((8, 5), (2, 3), (1, 2), (0, 1)),
    ((9, 9), (4, 1), (3, 2), (2, 0)),
]
worst = 0.0
for size, kernel, stride, padding in geometries:
    x, w = random.standard_normal((2, 3, *size)), random.standard_normal((5, 3, *kernel))
    Ax = kernels.correlate(x, w, stride, padding)
    y = random.standard_normal(Ax.shape)
    left = (Ax * y).sum()
    right = (x * kernels.correlate_input_gradient(y, w, stride, padding, size)).sum()
    print(
        f"{kernel=!s:7} {stride=!s:7} {padding=!s:7} ⟨Ax, y⟩ {left:+.12f}, ⟨x, Aᵀy⟩ {right:+.12f}"
    )
    worst = max(worst, abs(left - right))
claim("adjoint test, largest difference", worst, 0, 1e-10)

# %% [markdown]
# A test that cannot fail proves nothing. A favourite mistake is to turn the filter around in the
# backward pass where it should not be turned, as one half-remembers that "the filter is flipped".

# %%
flipped = w[:, :, ::-1, ::-1]
wrong = (x * kernels.correlate_input_gradient(y, flipped, stride, padding, size)).sum()
print(f"⟨Ax, y⟩ {left:+.6f}, with the filter flipped {wrong:+.6f}")
claim("the flipped filter is off by", abs(left - wrong), 0.1)

# %% [markdown]
# ## Three kernels, one sum
#
# The layer also needs the gradient of its weights. Here is the whole story in one line. Multiply
# each output by its upstream gradient $dy$ and add everything up:
#
# $$T(x, w, dy) = \sum_{n,o,i,j}\;\sum_{c,u,v}
#   dy_{noij}\; w_{ocuv}\; \tilde x_{n,\,c,\,si+u,\,sj+v} .$$
#
# $T$ is linear in each of its three arguments. Leave one of them out of the product, do not sum
# over its indices, and you have a kernel: leave out $dy$, and it is the forward pass; leave out
# $x$, and it is the gradient of $x$; leave out $w$, and it is the gradient of $w$. The third set
# of loops is no surprise any more.

# %%
show_source(naive.correlate_weight_gradient)

# %%
geometry = (2, 1), (1, 0)
x, w = random.standard_normal((2, 3, 7, 9)), random.standard_normal((5, 3, 3, 2))
y = naive.correlate(x, w, *geometry)
dy = random.standard_normal(y.shape)
dx = naive.correlate_input_gradient(dy, w, *geometry, (7, 9))
dw = naive.correlate_weight_gradient(x, dy, *geometry, (3, 2))
one, two, three = (dy * y).sum(), (x * dx).sum(), (w * dw).sum()
print(f"⟨dy, y⟩ {one:.12f}   ⟨x, dx⟩ {two:.12f}   ⟨w, dw⟩ {three:.12f}")
claim("T from its three sides", max(abs(one - two), abs(one - three)), 0, 1e-10)

# %% [markdown]
# ## Windows as columns: im2col
#
# Loops are slow in Python. The fast kernels use the same sums, differently arranged. Cut out every
# window, write its pixels as a *column*, and put the columns side by side. Write each filter as a
# *row*. Then all outputs are one product of two matrices, and a matrix product is what computers do
# best. (`last` and `samples_last` are about speed only: where images are small, the samples of a
# batch are laid side by side in memory, and the columns can be copied in longer runs.)

# %%
show_source(kernels.windows, kernels._columns, kernels.correlate)

# %%
pixels = np.arange(1.0, 17.0).reshape(1, 1, 4, 4)
columns = kernels._columns(pixels, (3, 3), (1, 1))
rows = np.arange(1.0, 10.0).reshape(1, 9)

figure, axes = board(15, 13, "Four windows, one product")
lay(axes, pixels[0, 0], 2.5, 2, "image", 16)
lay(axes, columns, 10.5, 0, "windows as columns", 16)
lay(axes, rows, 0, 11, "filter as a row", 9)
lay(axes, rows @ columns, 10.5, 11, "output", 1000)
for number, color in ((0, PALETTE[1]), (3, PALETTE[3])):  # the first and the last window
    style = {"fill": False, "edgecolor": color, "lw": 2.5, "zorder": 3}
    top, left = divmod(number, 2)
    axes.add_patch(Rectangle((2.5 + left, 2 + top), 3, 3, **style))
    axes.add_patch(Rectangle((10.5 + number, 0), 1, 9, **style))
    axes.add_patch(Rectangle((10.5 + number, 11), 1, 1, **style))
show(figure, "im2col")
product = (rows @ columns).ravel()
claim("one product against A x", np.abs(product - A @ pixels.ravel()).max(), 0, 1e-9)

# %% [markdown]
# **A question.** The image has 16 numbers, the table of windows 36. For a large image and 3 × 3
# windows, how many times larger is the table? (The fast kernels work through the batch in blocks,
# so that the table stays small.)
#
# ## How much faster?
#
# The document's second layer, 4 → 8 channels on 26 × 26, all three kernels, both ways. The same
# numbers come out; the time differs.

# %%
batch = choose(4, 32)
x = random.standard_normal((batch, 4, 26, 26), dtype="float32")
w = random.standard_normal((8, 4, 3, 3), dtype="float32")
dy = random.standard_normal((batch, 8, 24, 24), dtype="float32")
calls = {
    "correlate": (x, w, (1, 1), (0, 0)),
    "correlate_input_gradient": (dy, w, (1, 1), (0, 0), (26, 26)),
    "correlate_weight_gradient": (x, dy, (1, 1), (0, 0), (3, 3)),
}


def timed(function, arguments) -> tuple[np.ndarray, float]:
    start = perf_counter()
    result = function(*arguments)
    return result, perf_counter() - start


speedups, errors = [], []
for name, arguments in calls.items():
    slow, loops = timed(getattr(naive, name), arguments)
    fast, product = min(
        (timed(getattr(kernels, name), arguments) for _ in range(5)), key=itemgetter(1)
    )
    errors.append(np.abs(fast - slow).max() / np.abs(slow).max())
    speedups.append(loops / product)
    print(f"{name:26} loops {loops:7.3f} s, product {product:.5f} s: {speedups[-1]:,.0f} times")
claim("fast against naive, largest relative difference", max(errors), 0, 1e-4)
claim("smallest speed-up", min(speedups), 3)

# %% [markdown]
# ## The transposed convolution
#
# A decoder has to go from few numbers to an image. It needs a layer that makes images *larger*.
# There is one already: the backward pass of a convolution takes something of the size of $y$ and
# returns something of the size of $x$. Use $A^\top$ as a *forward* pass, and you have
# `ConvTranspose2d`. Its backward pass is then $(A^\top)^\top = A$, the convolution. Same three
# kernels, other way round:

# %%
for layer in (ta.Conv2d, ta.ConvTranspose2d):
    print(layer.__name__)
    show_source(layer.forward, layer.backward)

# %% [markdown]
# Give both layers the same weights, and each is the other's backward pass.

# %%
down = ta.Conv2d(3, 5, kernel_size=3, stride=2, padding=1, bias=False)
up = ta.ConvTranspose2d(5, 3, kernel_size=3, stride=2, padding=1, output_padding=1, bias=False)
up.weight.value = down.weight.value
print("weights of both:", down.weight.shape, up.weight.shape)

large = random.standard_normal((2, 3, 8, 8), dtype="float32")
small = random.standard_normal((2, 5, 4, 4), dtype="float32")
y_down, y_up = down(large), up(small)
claim("down.backward against up.forward", np.abs(down.backward(small) - y_up).max(), 0, 1e-5)
claim("up.backward against down.forward", np.abs(up.backward(large) - y_down).max(), 0, 1e-5)

# %% [markdown]
# It is *not* the inverse: going down and up again does not return the image. It returns the size.
#
# ## The arithmetic of sizes
#
# How many windows of size $k$ fit into $H$ pixels with a border of $p$ on both sides, in steps of
# $s$? And the way back:
#
# $$\text{down: } H' = \Bigl\lfloor \frac{H + 2p - k}{s} \Bigr\rfloor + 1, \qquad
#   \text{up: } H = (H' - 1)\,s - 2p + k + p_{\text{out}} .$$
#
# With a stride of 2 the rounding makes two sizes into one. So the way up is not unique, and the
# *output padding* says which size is meant. It adds a row and a column at the end.

# %%
for size in range(5, 11):
    (smaller, _) = kernels.output_size((size, size), (3, 3), (2, 2), (1, 1))
    back = [(smaller - 1) * 2 - 2 * 1 + 3 + extra for extra in (0, 1)]
    print(f"{size:2} → {smaller} → {back[0]} with output padding 0, {back[1]} with 1")

# %% [markdown]
# The decoder of lesson 9 climbs 12 → 24 → 26 → 28. Work out each step with the formula, then
# compare.

# %%
x = random.standard_normal((1, 8, 12, 12), dtype="float32")
sizes = [x.shape[-1]]
for layer in networks.conv_vae().decoder:
    if isinstance(layer, ta.ConvTranspose2d):
        x = layer(x)
        sizes.append(x.shape[-1])
        print(layer, "→", x.shape[1:])
assert sizes == [12, 24, 26, 28]

# %% [markdown]
# ## Copies that overlap
#
# As a picture: each input pixel lays a copy of the filter onto the output, $s$ pixels further than
# the one before, and the copies add up. Take an image of ones and a filter of ones: the output
# counts how many copies lie on each pixel.

# %%
figure, axes = board(17, 8, "How many copies lie on each pixel: 3 × 3 inputs, stride 2")
for kernel, left in ((3, 0.5), (4, 9)):
    layer = ta.ConvTranspose2d(1, 1, kernel_size=kernel, stride=2, bias=False)
    layer.weight.value[:] = 1
    counts = layer(np.ones((1, 1, 3, 3), "float32"))[0, 0]
    lay(axes, counts, left, 0, f"filter {kernel} × {kernel}", 4)
    inside = counts[2:-2, 2:-2]
    print(f"filter {kernel} × {kernel}: {counts.shape}, counts inside {np.unique(inside)}")
show(figure, "overlap")
claim("filter 4 × 4, stride 2: unevenness inside", np.ptp(inside), 0, 0)

# %% [markdown]
# When the stride does not divide the size of the filter, some pixels get more copies than others.
# Trained networks often show it as a faint chequerboard.
#
# **A question.** The document's decoder uses a 3 × 3 filter with stride 2, the one of lesson 11 a
# 4 × 4 filter. Which one has to learn to be even, and can it?
#
# ## A convolution as a film
#
# Three digits go through two filters and a ReLU, forward and back. Click on a pixel of y: the window
# of x that it was made of is marked. Click on a pixel of x: how many pixels of y saw it, in the
# middle and at the edge? Then click on a weight, and say why *all* of its channel is marked.

# %%
model = ta.Sequential(ta.Conv2d(1, 2, kernel_size=3, stride=2, padding=1), ta.ReLU())
model[0].weight.value[:, 0] = edge, edge.T
with ta.trace(model, lines=True) as tape:
    y = model(images[:3, None].astype("float32") / 255)
    model.backward(np.ones_like(y))
show_page(tape.to_html, "convolution")
claim("steps of the film", len(tape.steps), 4, 4)

# %% [markdown]
# ## Summary
#
# - A convolution is a linear map $A$ with few weights, used everywhere.
# - Forward is $Ax$, the gradient of the input is $A^\top dy$, and both come with the gradient of
#   the weights from one sum $T(x, w, dy)$.
# - The adjoint test $\langle Ax, y\rangle = \langle x, A^\top y\rangle$ finds errors without any
#   derivative.
# - im2col turns loops into one matrix product.
# - `ConvTranspose2d` is `Conv2d` with forward and backward exchanged. Output padding settles the
#   size that rounding left open.
#
# ## Questions
#
# 1. Write the bias as a fourth kernel. What is its forward pass, and what its gradient?
# 2. The adjoint test passes if forward and backward have *the same* mistake, such as a wrong
#    stride. Which other test of this lesson would notice?
# 3. With stride $k$ and a window of size $k$, `=` and `+=` in the second kernel give the same
#    result. What does that say about the geometries one should test with?
#
# **Exercises.** 8.1 to 8.4 of `tinyae learn`, which checks them and names the mistake.
