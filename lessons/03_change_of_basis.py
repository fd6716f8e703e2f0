# %% [markdown]
# # 3. A linear network is a change of basis
#
# Take the activations and the biases out of a network. What is left is linear algebra, and linear
# algebra can tell us everything about it: what it can do, what it can never do, and where its
# training will end. At the end of this lesson you will know
#
# - why a stack of linear layers is one matrix, and what it means that it *changes the basis*;
# - why a narrow layer loses something, and which loss is the smallest possible one;
# - that a linear autoencoder finds principal component analysis (PCA) by gradient descent: the
#   same subspace and the same error, but not the same axes;
# - why its training never ends in a bad place, although its loss is not convex.
#
# You need lesson 1 (a linear layer and its gradient), and from linear algebra: basis, rank,
# eigenvectors. The lesson follows the first part of the course's document on compression.

# %%
import numpy as np
from course import DATA, choose, claim, show, show_source
from scipy.linalg import subspace_angles

import tinyae as ta
from tinyae.views.pca import principal_components
from tinyae.views.plots.style import FAINT, INK, PALETTE, label, new_figure

ta.seed(0)

# %% [markdown]
# ## A product of matrices is a matrix
#
# A linear layer without bias computes $y = W x$. (Our samples are rows, so the package computes
# `x @ W.T`, which is the same thing lying on its side.) Three such layers, one after the other:

# %%
layers = [ta.Linear(n, m, bias=False).astype("float64") for n, m in ((6, 5), (5, 4), (4, 3))]
network = ta.Sequential(*layers)

# %% [markdown]
# $$y = W_3\,(W_2\,(W_1 x)) = (W_3 W_2 W_1)\, x .$$
#
# The brackets do not matter, so the network is *one* matrix of shape (3, 6).

# %%
first, second, third = (layer.weight.value for layer in layers)
x = np.random.default_rng(0).normal(size=(100, 6))
difference = np.abs(network(x) - x @ (third @ second @ first).T).max()
claim("three layers against their product, largest difference", difference, 0, 1e-12)

# %% [markdown]
# You may also put the brackets like this: $y = C\,T x$ with $C = W_3$ and $T = W_2 W_1$. In a
# classifier, $C$ is the last layer, which reads the answer off, and $T$ is everything before it,
# which prepares the data for $C$. What kind of preparation is that?
#
# ## A change of basis
#
# Let $T$ be square and invertible. Then nothing happens to a point when it is multiplied by $T$.
# It gets other *coordinates*. Write $b_1, b_2, \dots$ for the columns of $T^{-1}$. They are a
# basis, and
#
# $$x = T^{-1}(T x) = \sum_i (T x)_i\, b_i ,$$
#
# so $(Tx)_i$ says how much of $b_i$ is in $x$. Here are points in a plane, two arrows as a new
# basis, and the same points in the coordinates along the arrows. One point is marked.

# %%
generator = np.random.default_rng(1)
points = generator.normal(size=(300, 2)) * (2.0, 0.5) @ np.array([[0.8, 0.6], [-0.6, 0.8]])
points[0] = 1.5, 2.5  # the point to be marked
basis = np.array([[0.8, -0.6], [0.6, 0.8]])  # its columns are b₁ and b₂
T = np.linalg.inv(basis)
coordinates = points @ T.T


def draw_points(axes, points, arrows, names, title):
    """Points in a plane, the first one marked, and two arrows."""
    axes.scatter(*points.T, s=9, color=FAINT)
    axes.scatter(*points[0], s=60, color=PALETTE[1], zorder=3)
    for arrow, name in zip(arrows.T, names, strict=True):
        axes.annotate("", arrow * 2, (0, 0), arrowprops={"arrowstyle": "-|>", "color": PALETTE[0]})
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
        place = {"ha": "center", "va": "center", "color": PALETTE[0], "size": 12, "bbox": box}
        axes.annotate(name, arrow * 2.5, **place)
    axes.set(aspect="equal", xlim=(-6, 6), ylim=(-4.2, 4.2))
    label(axes, title=title)


figure = new_figure(9, 3.8, "The same points in two bases (arrows at twice their length)")
left, right = figure.subplots(1, 2)
draw_points(left, points, basis, ("$b_1$", "$b_2$"), "given coordinates, $x$")
draw_points(right, coordinates, np.eye(2), ("$b_1$", "$b_2$"), "new coordinates, $Tx$")
print("the marked point:", points[0], "in the new basis:", coordinates[0].round(4))
show(figure, "bases")

# %% [markdown]
# On the right, the first coordinate alone tells almost everything: the second varies little from
# point to point. In the given coordinates neither could be left out. A good basis makes it plain
# what matters, and that is what the layers before $C$ are there for.
#
# But see how little a *linear* $T$ can do. If $C T$ can separate two classes, then the matrix
# $CT$ is a linear classifier on the data as it was; one could have separated them without $T$.
# With activations between the layers this is no longer so. One should then speak of a
# *transformation* and not of a change of basis, as the document warns.
#
# **A question.** A tall cloud and a flat cloud in a plane cross each other at the origin, like a
# +. Is there a $T$ after which a threshold on one coordinate tells the clouds apart?
#
# ## Fewer coordinates
#
# Now keep $k$ coordinates of $D$. An *encoder* $E$ of shape $(k, D)$ computes them, and a
# *decoder* $F$ of shape $(D, k)$ goes back:
#
# $$\text{code } z = E x, \qquad \hat x = F z = F E\, x .$$
#
# The matrix $FE$ has rank $k$ at most. Whatever it does, $\hat x$ lies in the $k$-dimensional
# space spanned by the columns of $F$. There is no inverse, and something is lost. The question is
# how to lose least, over all points of the data:
#
# $$L(E, F) = \frac1N \sum_{n=1}^{N} \lVert x_n - F E\, x_n \rVert^2 .$$
#
# Our points are images now: 28 × 28 pixels are 784 coordinates. We subtract the mean image, so
# that the origin is the middle of the cloud. (A network would learn a bias for this. Without
# biases the algebra stays clean.)

# %%
train = ta.data.scale(ta.data.load(DATA)[0]).reshape(-1, 784)
test = ta.data.scale(ta.data.load(DATA, "test")[0]).reshape(-1, 784)
mean = train.mean(axis=0)
train, test = train - mean, test - mean
k = choose(6, 30)
print(f"{DATA}: {len(train):,} images to learn from, {len(test):,} to test; k = {k}")

# %% [markdown]
# ## The best subspace is known
#
# The best $k$-dimensional space has been known since 1901. Write the covariance of the data as
# $\frac1N \sum_n x_n x_n^\top = V S V^\top$, with the eigenvectors as columns of $V$ and the
# eigenvalues $s_1 \ge s_2 \ge \dots$ The first $k$ eigenvectors, the *principal components*, span
# the best space. Decoder and encoder are the same matrix, once standing and once lying:
#
# $$F = V_k, \qquad E = V_k^\top, \qquad L = s_{k+1} + s_{k+2} + \dots + s_D .$$
#
# What is lost is the variance along the directions left out. The package does it in a few lines.

# %%
show_source(principal_components)

# %%
pca = principal_components(train)
figure = ta.plots.features(pca.components[:12], columns=6, title="The first twelve components")
show(figure, "components")

# %% [markdown]
# Each picture is a direction in the space of images: red is more ink, blue is less. The first
# ones are coarse, as most of the variance is in coarse things, such as wide against narrow.
#
# **A question.** A component could be drawn with red and blue exchanged. Why is that the same
# component?
#
# How much is left after $k$ components? On the images that the components were computed from, the
# formula must hold; on the test images we measure.


# %%
def squared_error(x, projected):
    """Squared error an image."""
    return float(((x - projected) ** 2).sum(axis=1).mean())


def pca_error(x, k):
    """What the first k components leave of centred images."""
    return squared_error(x, x @ pca.components[:k].T @ pca.components[:k])


left_out = pca.variances[k:].sum() * (len(train) - 1) / len(train)  # it divided by N - 1, we by N
print(f"PCA-{k} on the training images leaves {pca_error(train, k):.4f}; formula {left_out:.4f}")
claim("measured / formula", pca_error(train, k) / left_out, 0.9999, 1.0001)

# %% [markdown]
# On MNIST, the course's reference figures for the 10,000 test images are 43.64 with 2 components
# and 13.87 with 30, where the components are those of the 60,000 training images. The full mode of
# this lesson measures them again. The fast mode has other images, and numbers of its own.

# %%
claim("PCA-2 squared error a test image", pca_error(test, 2), *choose((43, 47), (43.63, 43.66)))
claim("PCA-30 squared error a test image", pca_error(test, 30), *choose((13, 16), (13.86, 13.88)))

# %%
scores = test @ pca.components.T
errors = (test**2).sum(axis=1).mean() - np.append(0, (scores**2).mean(axis=0).cumsum())

figure = new_figure(6.5, 3.8, f"What PCA leaves of the test images ({DATA})")
axes = figure.subplots()
axes.plot(errors[:201], color=PALETTE[0], lw=1.8)
for kept in (2, k):
    axes.plot(kept, errors[kept], "o", color=PALETTE[1])
    axes.annotate(
        f"k = {kept}: {errors[kept]:.2f}", (kept, errors[kept]), (8, 4), textcoords="offset points"
    )
axes.set(xlim=(-2, 200), ylim=(0, None))
label(axes, "components kept, k", "squared error an image")
show(figure, "error-by-components")

# %% [markdown]
# **A question.** At $k = 0$ the curve gives the error of answering every image with the mean
# image. Which number of the covariance is that? And where does the curve reach 0?
#
# ## The same thing by gradient descent
#
# Now forget what is known about eigenvectors and train a network. `ta.Autoencoder` puts an
# encoder and a decoder together; both are ordinary layers.

# %%
show_source(ta.Autoencoder.forward, ta.Autoencoder.backward)

# %%
model = ta.Autoencoder(ta.Linear(784, k, bias=False), ta.Linear(k, 784, bias=False))

# %% [markdown]
# One trick saves a lot of time. All images together are a tall matrix $X$ with a row an image.
# Any such matrix is $X = QR$, with orthonormal columns in $Q$ and a square, triangular $R$.
# Multiplying by $Q$ does not change lengths, therefore
#
# $$\lVert X - X E^\top F^\top \rVert^2 = \lVert Q\,(R - R E^\top F^\top) \rVert^2
#   = \lVert R - R E^\top F^\top \rVert^2 .$$
#
# For this loss, the 784 rows of $R$ stand for all the images. We divide by $\sqrt N$, so that
# the sum over the rows of $R$ is the mean over the images.

# %%
R = np.linalg.qr(train, mode="r") / np.float32(np.sqrt(len(train)))
on_images, on_rows = squared_error(train, model(train)), ((R - model(R)) ** 2).sum()
print(f"loss of the new network: {on_images:.4f} an image; from the rows of R {on_rows:.4f}")
claim("one over the other", on_rows / on_images, 0.999, 1.001)

# %% [markdown]
# How far is the network from PCA? What matters is not the numbers in $F$, but the space its
# columns span.
# Two lines differ by an angle. Two $k$-dimensional spaces differ by $k$ *principal angles*. The
# smallest is the angle between the two closest lines, one in each space; then comes the same
# question for the directions at right angles to those lines, and so on. The spaces are equal when
# the *largest* angle is 0. SciPy computes them.


# %%
def angles():
    """The angles in degrees between the decoder's space and that of PCA, largest first."""
    columns = model.decoder.weight.value.astype("float64")
    return np.degrees(subspace_angles(columns, pca.components[:k].T))


print("before training:", angles().round(1))

# %% [markdown]
# Each step takes all rows of $R$. The learning rate of Adam is large first and smaller later.

# %%
batches, optimizer = ta.data.DataLoader(R, batch_size=len(R)), ta.Adam(model.parameters())
losses, path, every = [], [angles()], 10


def observe(epoch, history):
    """Note the angles now and then."""
    if (epoch + 1) % every == 0:
        path.append(angles())


for rate, steps in choose([(1e-2, 300), (1e-3, 100)], [(1e-2, 700), (3e-3, 1500)]):
    optimizer.param_groups[0]["lr"] = rate
    history = ta.fit(
        model, batches, steps, optimizer, ta.MSELoss("sum"), on_epoch=observe, progress=False
    )
    losses += history["loss"]
    print(f"{len(losses)} steps: loss {losses[-1]:.5f}, largest angle {angles()[0]:.4f}°")

# %%
figure = new_figure(7, 6, "A linear autoencoder on its way to PCA")
above, below = figure.subplots(2, 1, sharex=True)
above.plot(np.arange(1, len(losses) + 1), losses, color=PALETTE[0], lw=1.8, label="autoencoder")
above.axhline(left_out, color=PALETTE[1], lw=1.2, ls="--", label=f"PCA-{k}")
above.set(ylim=(0, None))
above.legend(frameon=False)
label(above, y="squared error an image")
steps_noted = every * np.arange(len(path))
below.semilogy(steps_noted, np.array(path)[:, 1:], color=FAINT, lw=0.9)
below.semilogy(steps_noted, np.array(path)[:, 0], color=PALETTE[0], lw=1.8)
label(below, "step", "principal angles (degrees)\nbold: the largest")
show(figure, "training")

# %% [markdown]
# The error is soon so near that of PCA that the eye sees no difference. The angles need longer.
# The last directions to be found are the ones that matter least: component $k$ is hardly better
# than component $k+1$, and exchanging the two costs next to nothing.

# %%
claim("largest principal angle, degrees", angles()[0], 0, choose(1.0, 0.2))
claim("training error, network minus PCA", losses[-1] - left_out, -0.01, 0.01)
network_error = squared_error(test, model(test))
print(f"test error: network {network_error:.4f}, PCA-{k} {pca_error(test, k):.4f}")
claim("test error, network minus PCA", network_error - pca_error(test, k), -0.02, 0.02)

# %% [markdown]
# **A question.** In the lower picture the angles do not fall all at once. Which of the components
# do you expect the network to find first, and why? (The bumps, where there are some, are Adam
# going too far while its rate is still large.)
#
# ## The same space, other axes
#
# Did the network find the principal components themselves? Look at the columns of its decoder.

# %%
columns = model.decoder.weight.value.T
shown, columns_of_sheet = choose((6, 3), (12, 6))
figure = ta.plots.features(
    columns[:shown], columns=columns_of_sheet, title="Columns of the trained decoder"
)
show(figure, "decoder-columns")

# %% [markdown]
# These are not the principal components. Each of them is a mixture. Nothing in the loss asks for
# more: take any invertible $k \times k$ matrix $A$, then
#
# $$(F A^{-1})(A E) = F E ,$$
#
# so the loss cannot tell $(E, F)$ from $(AE, FA^{-1})$. The code is determined up to a change of
# basis, which brings us back to the beginning. What *is* determined is what the network does to
# an image: it is the orthogonal projection onto the principal subspace, $F E x = V_k V_k^\top x$.

# %%
projected = test @ pca.components[:k].T @ pca.components[:k]
difference = np.linalg.norm(model(test) - projected) / np.linalg.norm(projected)
claim("the network against the projection, relative difference", difference, 0, 0.03)

# %% [markdown]
# Do not compare the matrices $FE$ and $V_k V_k^\top$ themselves. They differ, and not by a little:
# near the border there are pixels that are white in every image. They say nothing, so the
# gradient of their weights is 0, and the encoder keeps for them whatever it began with.

# %%
never = np.ptp(train, axis=0) == 0
print(f"{never.sum()} pixels never vary; gradient of their weights in the encoder, at most:")
print(np.abs(model.encoder.weight.grad[:, never]).max())

# %% [markdown]
# And we can choose the basis ourselves. Take an orthonormal basis of the decoder's space, and in
# it, the $k$ directions of largest variance: a PCA of codes, of $k$ numbers and not of 784.

# %%
orthonormal, _ = np.linalg.qr(columns.T)
in_code = principal_components(train @ orthonormal)
recovered = in_code.components @ orthonormal.T
cosines = np.abs((recovered * pca.components[:k]).sum(axis=1))
claim("smallest |cosine| to the principal component", cosines.min(), 0.99, 1.0001)

# %%
signs = np.sign((recovered * pca.components[:k]).sum(axis=1, keepdims=True))
figure = ta.plots.features(
    (signs * recovered)[:shown],
    columns=columns_of_sheet,
    title="The same space, in the basis of its variances",
)
show(figure, "recovered-components")

# %% [markdown]
# These are the principal components we began with. (A component has no sign of its own; we chose
# the sign that makes them comparable.)
#
# **A question.** Suppose we also demanded that $E = F^\top$, *tied weights*. Which matrices $A$
# are still allowed? Would the columns of $F$ then be principal components?
#
# ## No bad minima
#
# $L(E, F)$ is not convex: $(E, F)$ and $(-E, -F)$ are equally good, and their average, 0, is bad.
# In general such a function may have many minima, good and bad ones. This one has not. Baldi and
# Hornik (1989) showed: where the gradient is 0, the product $FE$ is the projection onto the span
# of *some* eigenvectors, $k$ of them or fewer. Only one choice is a minimum, the $k$ largest. All
# others are *saddles*: some way leads down from there. Exchange one of your eigenvectors for a
# better one, a little at a time, and the loss falls all the way.
#
# Let us stand on a saddle. We take components 2 to $k+1$ and leave out the first, the best one.

# %%
chosen = slice(1, k + 1)
stuck = ta.Autoencoder(ta.Linear(784, k, bias=False), ta.Linear(k, 784, bias=False))
stuck.astype("float64")
stuck.encoder.weight.value[:] = pca.components[chosen]
stuck.decoder.weight.value[:] = pca.components[chosen].T

rows, criterion = R.astype("float64"), ta.MSELoss("sum")


def gradient_size():
    """Norm of the gradient of both layers together."""
    stuck.zero_grad()
    loss = criterion(stuck(rows), rows)
    stuck.backward(criterion.backward())
    return loss, np.sqrt(sum((p.grad**2).sum() for p in stuck.parameters()))


loss, size = gradient_size()
print(f"loss {loss:.4f}, the best would be {left_out:.4f}; size of the gradient {size:.1e}")
claim("size of the gradient on the saddle", size, 0, 0.001)

# %% [markdown]
# The gradient says: nothing to gain here. Now a nudge of one thousandth towards the missing
# component, and plain gradient descent. (Adam makes its steps large where gradients are small,
# and would not show what we want to see.)

# %%
stuck.encoder.weight.value[-1] += 1e-3 * pca.components[0]
escape = ta.fit(
    stuck,
    ta.data.DataLoader(rows, batch_size=len(rows)),
    400,
    ta.SGD(stuck.parameters(), lr=0.01),
    criterion,
    progress=False,
)

# %%
figure = new_figure(6.5, 3.8, "Leaving a saddle")
axes = figure.subplots()
axes.axhline(loss, color=FAINT, lw=1.2, ls="--")
axes.axhline(left_out, color=FAINT, lw=1.2, ls="--")
axes.plot(np.arange(1, len(escape["loss"]) + 1), escape["loss"], color=PALETTE[0], lw=1.8)
middle = len(escape["loss"])
axes.annotate(f"components 2 to {k + 1}", (middle, loss), (0, -12), textcoords="offset points",
              ha="right", color=INK)  # fmt: skip
axes.annotate(f"components 1 to {k}", (0, left_out), (0, 5), textcoords="offset points", color=INK)
label(axes, "step", "squared error an image")
show(figure, "saddle")

# %% [markdown]
# It looks finished for a while. Then the loss falls, and it ends where PCA is. A long flat stretch
# in a loss curve may be a saddle, and a little patience (or noise, such as mini-batches bring)
# leads on. In deep *non-linear* networks nobody promises this, but the pictures are often alike.

# %%
claim("after the saddle, loss minus PCA", escape["loss"][-1] - left_out, -0.01, 0.05)

# %% [markdown]
# **A question.** With the nudge ten times smaller, how many more steps does the flat part take?
# (The distance from the saddle grows by the same factor at each step.)
#
# ## What one sees
#
# Twelve test images, with 2 components and with $k$.

# %%
originals = test[:12] + mean
two = test[:12] @ pca.components[:2].T @ pca.components[:2] + mean
figure = ta.plots.reconstructions(originals, two, columns=12, title="PCA with 2 components")
show(figure, "reconstructions-2")

# %%
figure = ta.plots.reconstructions(
    originals, model(test[:12]) + mean, columns=12, title=f"Linear autoencoder with k = {k}"
)
show(figure, f"reconstructions-{k}")

# %% [markdown]
# ## Summary
#
# - Linear layers one after the other are one matrix. Square and invertible, it changes the basis;
#   with a narrow place, it projects, and what is projected away is gone.
# - The best projection onto $k$ dimensions is PCA; it leaves the variances from $k+1$ on.
# - A linear autoencoder with squared error gets there by gradient descent: principal angles to 0,
#   the same error. Its axes are any basis of that space.
# - Its loss has saddles but no bad minima.
# - On the images it learns from, it can *never* be better than PCA. To do better with the same $k$,
#   a network has to bend: the next lesson puts activations back in and compresses an image to two
#   numbers.
#
# ## Questions
#
# 1. Would the linear autoencoder get better if the encoder were three linear layers, wide ones?
# 2. On MNIST, 30 components leave a squared error of 13.87 an image and 2 leave 43.64. Where would
#    you expect a non-linear network with a code of 2 numbers? (Lesson 4 measures it.)
# 3. PCA gives the components in the order of their variance. How could one make an autoencoder
#    prefer that order? (Think of a loss that also asks for good reconstructions from the first
#    number of the code alone, from the first two, …)
#
# **Exercises.** 3.1 to 3.3 of `tinyae learn`, which checks them and names the mistake.
