# %% [markdown]
# # 4. Compression by 392
#
# An image of 28 × 28 pixels is 784 numbers. In this lesson a small network squeezes it into two
# numbers and makes a picture from them again: compression by 392. At the end you will know
#
# - how to build an autoencoder from two networks that can also be used apart;
# - what the binary cross-entropy says about grey pixels, and between which two numbers it moves;
# - how to save a model with its structure in one file, and how to look at it as text and as a
#   picture;
# - what the *coded space* looks like, and what the decoder makes of any point in it;
# - how a ReLU in the wrong place can kill a code, and how to see and prevent it.
#
# You need lesson 1. Lesson 3 tells what a *linear* code of two numbers could do; we compare. The
# lesson follows the course's document on compression with autoencoders.

# %%
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from course import DATA, choose, claim, show, show_page, show_source
from scipy.spatial import cKDTree

import tinyae as ta
from tinyae.recipes import Settings, networks
from tinyae.views.pca import principal_components
from tinyae.views.plots.style import FAINT, INK, PALETTE, label, new_figure

ta.seed(0)
folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## The data
#
# The images are scaled to numbers from 0 (paper) to 1 (ink) and laid flat, a row an image.

# %%
images, labels = ta.data.load(DATA)
test_images, test_labels = ta.data.load(DATA, "test")
x, test = (ta.data.scale(part).reshape(-1, 784) for part in (images, test_images))
print(f"{DATA}: {x.shape[0]:,} images to learn from, {len(test):,} to test")
claim("numbers in an image / numbers in its code", x.shape[1] / 2, 392, 392)

# %% [markdown]
# (Numbers are not bytes. A pixel came as one byte, and a code number is a `float32` of four. In
# bytes the factor is 98. The factor also counts only the code: whoever wants the picture back needs
# the decoder too.)
#
# ## Two networks and their composite
#
# The *encoder* goes from 784 numbers over 128 to 2, the *decoder* the same way back:
#
# $$z = \mathrm{relu}(W_2\,\mathrm{relu}(W_1 x + b_1) + b_2), \qquad
#   \hat x = \sigma(W_4\,\mathrm{relu}(W_3 z + b_3) + b_4) .$$
#
# The activation $\mathrm{relu}(a) = \max(a, 0)$ comes after every layer but the last. There the
# sigmoid $\sigma(a) = 1/(1 + e^{-a})$ keeps the pixels between 0 and 1. The narrow place in the
# middle is called the *bottleneck*. It takes two networks to write this down.

# %%
encoder = ta.Sequential(ta.Linear(784, 128), ta.ReLU(), ta.Linear(128, 2), ta.ReLU())
decoder = ta.Sequential(ta.Linear(2, 128), ta.ReLU(), ta.Linear(128, 784), ta.Sigmoid())
model = ta.Autoencoder(encoder, decoder)

# %% [markdown]
# `ta.Autoencoder` computes nothing of its own. It calls one network after the other, and for the
# gradient, in reverse order. So the parts stay what they are: networks that you can call alone.

# %%
code = encoder(test[:5])
print("code", code.shape, " image", decoder(code).shape)
assert np.array_equal(model(test[:5]), decoder(encoder(test[:5])))

# %% [markdown]
# The package has this network ready, for any length of the code. It does one thing that we did not
# do: it lets the biases of the code start at 3. Why it does is the last story of this lesson.

# %%
show_source(networks.compression)
model = networks.compression()

# %% [markdown]
# ## The network as text and as a picture
#
# `ta.summary` sends a sample of zeros through the model and notes every shape. A linear layer from
# $n$ to $m$ has $nm$ weights and $m$ biases. Check one line of the last column in your head.

# %%
print(ta.summary(model, (784,)))
claim("parameters", model.count_parameters(), 202_258, 202_258)

# %% [markdown]
# `ta.plot_model` draws the same. The edges of a box grow with what goes in and what comes out, so
# that the bottleneck looks like one.

# %%
picture = ta.plot_model(model, folder / "network.png", (784,))
show(picture, "network")

# %% [markdown]
# **A question.** Almost all parameters are in two of the four layers. Which ones? How many would
# it be with a code of 20 numbers instead of 2?
#
# ## The loss: binary cross-entropy
#
# Read the output $\hat x_i$ as the chance that pixel $i$ is ink. The loss of a pixel with the grey
# value $x_i$ is
#
# $$\ell_i = -x_i \log \hat x_i - (1 - x_i) \log(1 - \hat x_i),$$
#
# and we average over all pixels of all images. The logarithm is the natural one, so the unit is the
# *nat*. Here is the code for it, and for its derivative. (`xp` is NumPy, or its counterpart on a
# GPU. The sum is sorted by $x_i$, which saves operations; the numbers -100 and 1e-12 keep
# everything finite where the output is exactly 0 or 1.)

# %%
show_source(ta.BCELoss.terms, ta.BCELoss.gradient)

# %% [markdown]
# What is a *good* value? Two numbers tell. For grey pixels the loss is not 0 even when
# $\hat x = x$: nobody can be certain about a pixel that is half ink. That is the floor. And without
# any code, the best one can do is to answer every image with the mean image. A network that is
# worth something lies in between.

# %%
bce = ta.BCELoss()
floor = float(bce(x, x))
mean_image = np.broadcast_to(x.mean(axis=0), x.shape)
ceiling = float(bce(mean_image, x))
print(f"perfect copy {floor:.4f}, always the mean image {ceiling:.4f} nats a pixel")

# %% [markdown]
# ## Training
#
# The system has a name, `compression`; a *recipe* brings data, network, loss and optimizer
# together: Adam at $10^{-3}$, batches of 256, 10 epochs (20 in the fast mode, whose data set is
# smaller). On the command line it is `tinyae train compression`.

# %%
recipe = ta.recipes.get("compression")
result = recipe.run(Settings(data=DATA, epochs=choose(20, 10), progress=False))
model, history = result.model, result.history
for epoch, value in enumerate(history["loss"], 1):
    print(f"epoch {epoch:2}: mean BCE a pixel {value:.4f}")

# %%
figure = new_figure(6.5, 4, "Training the compression")
axes = figure.subplots()
epochs = np.arange(1, len(history["loss"]) + 1)
axes.plot(epochs, history["loss"], "o-", ms=4, lw=1.8, color=PALETTE[0])
for value, words in ((floor, "a perfect copy"), (ceiling, "always the mean image")):
    axes.axhline(value, color=FAINT, ls="--", lw=1.2)
    axes.annotate(words, (epochs[-1], value), (0, 4), textcoords="offset points", ha="right")
axes.set(ylim=(0, None), xticks=epochs[1::2])
label(axes, "epoch", "mean BCE (nats a pixel)")
show(figure, "loss")

# %% [markdown]
# On MNIST, the course's reference for this recipe is 0.286 in epoch 1 and 0.201 in epoch 10. (The
# document itself prints no loss, and its list of layer sizes is lost; only the factor 392 is left.)

# %%
claim("BCE in epoch 1", history["loss"][0], *choose((0.34, 0.46), (0.255, 0.300)))
claim("BCE in the last epoch", history["loss"][-1], *choose((0.20, 0.228), (0.192, 0.209)))

# %% [markdown]
# ## Saved and loaded
#
# One file holds everything: the structure as text (JSON), every weight as an array. It is an
# ordinary `.npz`, which is a zip archive, so others can look inside, and there is no pickle in it
# that could run foreign code. The file appears whole or not at all.

# %%
path = folder / "autoencoder.npz"
ta.save(model, path)
print(f"{path.stat().st_size:,} bytes")
with zipfile.ZipFile(path) as archive:
    for entry in archive.infolist():
        print(f"{entry.filename:30} {entry.file_size:>9,} bytes")

# %% [markdown]
# Loading needs no class and no sizes, only the path. The loaded model must give the same numbers,
# to the last bit.

# %%
loaded = ta.load(path)
claim("loaded against saved, largest difference", np.abs(loaded(test) - model(test)).max(), 0, 0)

# %% [markdown]
# ## Test images and what comes back
#
# These images were not seen in training. The upper row went in, the lower row came out of two
# numbers.

# %%
figure = ta.plots.reconstructions(test[:20], loaded(test[:20]), test_labels[:20])
show(figure, "reconstructions")

# %% [markdown]
# Some digits come back as others. Where two numbers are all one has, a 4 and a 9 must share a place,
# and what comes out is a typical digit of that place. The particular writer is gone. The document
# puts it well: the decoder holds what all images have in common, the code what sets this one apart.
#
# How much better is this than the best linear code of two numbers, PCA (lesson 3)? In squared error
# an image:

# %%
pca = principal_components(x, 2)
with_pca = ((test - pca.decode(pca.encode(test))) ** 2).sum(axis=1).mean()
with_network = ((test - loaded(test)) ** 2).sum(axis=1).mean()
print(f"PCA-2 leaves {with_pca:.2f}, the network {with_network:.2f}")
claim("network / PCA-2, squared error", with_network / with_pca, *choose((0.8, 1.0), (0.8, 0.95)))

# %% [markdown]
# The network was trained for another loss, and still it wins. The activations let it bend the plane
# of codes into a curved surface that comes nearer to the images.
#
# **A question.** Would PCA win if we trained for one epoch only? Which of the two can you trust
# to give the same answer tomorrow?
#
# ## The coded space
#
# Now the encoder alone. Two numbers are a point in a plane; each test image is a dot in the colour
# of its class. No label was used in training.

# %%
codes = loaded.encode(test)
figure = ta.plots.latent_means(codes, test_labels, title="Coded space of the test images")
show(figure, "coded-space")

# %% [markdown]
# With MNIST, the images of a class lie together, in rays that leave the origin. The embedded digits
# of the fast mode are turned and slanted more, and two numbers are used up by that: there, the
# classes overlap much more. In both cases there is nothing left of or below the axes, because the
# ReLU at the end of the encoder gives no negative number. And some images lie exactly *on* an axis:
# their number was negative before the ReLU and has been clipped to 0.

# %%
for unit in (0, 1):
    print(f"z{unit + 1}: exactly 0 for {(codes[:, unit] == 0).mean():.1%} of the images")
claim("smallest code", codes.min(), 0, 0)

# %% [markdown]
# All images that are clipped onto the same axis have one number left instead of two.
#
# How much do two numbers still tell about the digit? Give each test image the label of the nearest
# *training* code. Guessing would be right in one case of ten.

# %%
_, nearest = cKDTree(loaded.encode(x)).query(codes)
hits = (labels[nearest] == test_labels).mean()
claim("digit named rightly by the nearest code", hits, *choose((0.22, 0.70), (0.45, 0.80)))

# %% [markdown]
# ## A point in the coded space, and its image
#
# Now the decoder alone. It takes *any* two numbers, also those that no image was coded to. Left is
# the coded space with a cross; right is what the decoder makes of the cross. In the document the
# cross is the mouse, and the image changes as it moves. Here the cross stands still; change
# `cursor`, and run the cell again. (A page for the mouse follows.)


# %%
def clearest(digit):
    """The code of the test image of a class that comes back best."""
    errors = ((test - loaded(test)) ** 2).sum(axis=1)
    return codes[np.where(test_labels == digit, errors, np.inf).argmin()]


def coded_space(axes, marked):
    """The codes of the test images in the colours of their classes, pale; ``marked`` are in view."""
    for digit in range(10):
        of_class = codes[test_labels == digit].T
        axes.scatter(*of_class, color=PALETTE[digit], s=5, alpha=0.5, linewidths=0, label=digit)
    limit = max(np.percentile(codes, 99.5), 1.05 * marked.max())
    axes.set(xlim=(-0.03 * limit, limit), ylim=(-0.03 * limit, limit), box_aspect=1)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1.02), markerscale=3, frameon=False)
    label(axes, "$z_1$", "$z_2$")


def picture(axes, image, title):
    """An image without an axis."""
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, size=11)
    axes.spines[:].set_color(FAINT)


cursor = clearest(0)

figure = new_figure(9.5, 4.6, "A code and its image")
left, right = figure.subplots(1, 2)
coded_space(left, cursor)
left.plot(*cursor, "+", ms=22, mew=2.5, color=INK)
image = loaded.decode(cursor[None]).reshape(28, 28)
picture(right, image, f"decoded from ({cursor[0]:.1f}, {cursor[1]:.1f})")
show(figure, "cursor")

# %% [markdown]
# A walk shows more than a point: nine codes on the straight line from one 0 to one 1.

# %%
steps = np.linspace(0, 1, 9, dtype="float32")[:, None]
walk = (1 - steps) * clearest(0) + steps * clearest(1)

figure = new_figure(9.5, 4.6, "A walk from a 0 to a 1")
left, right = figure.subplots(1, 2)
coded_space(left, walk)
left.plot(*walk.T, "o-", ms=5, color=INK)
tiles = loaded.decode(walk).reshape(3, 3, 28, 28).transpose(0, 2, 1, 3).reshape(84, 84)
picture(right, tiles, "decoded along the line, row by row")
show(figure, "walk")

# %% [markdown]
# The pictures change smoothly. On the way they take the form of other digits, those whose land the
# line crosses, or of a blur of several. Not every place is a good one. Nothing in the loss asks
# that the space between the classes decodes to something sensible. The variational autoencoder of
# lesson 6 asks for just that.
#
# And now with the mouse. This page holds the codes of 1,000 test images and the decoder, which runs
# in it: point anywhere, drag to walk, click a point to see an image beside its reconstruction.

# %%
show_page(lambda path: ta.explore(loaded, test[:1000], test_labels[:1000], path), "explorer")

# %% [markdown]
# **A question.** Where in the coded space would you put the cross to get a 5? And what does the
# decoder make of the point (0, 0), and of a point far outside?
#
# ## A code that dies
#
# Why did the biases of the code start at 3? A ReLU passes no gradient where its output is 0. If a
# code number is 0 for *every* image, then no gradient reaches the weights that make it, they never
# change, and it stays 0 forever. Such a unit is *dead*. In a layer of 128, a few dead units do no
# harm. In a code of two, every one counts.
#
# Let us train six networks on a part of the data, and look how many of the two numbers are alive at
# the end. This time the biases of the code start at 0; in any layer they start at or near 0.

# %%
part = x[:3000]
CODE_LAYER = 2  # the encoder is Linear, ReLU, Linear, ReLU


def train_once(seed, start):
    """Losses of a short training, the living code numbers at its end, and the model."""
    ta.seed(seed)
    model = networks.compression()
    model.encoder[CODE_LAYER].bias.value[:] = start
    batches = ta.data.DataLoader(part, batch_size=128, shuffle=True)
    optimizer = ta.Adam(model.parameters())
    history = ta.fit(model, batches, 8, optimizer, ta.BCELoss(), report_every=4, progress=False)
    alive = int(((model.encode(part) > 0).mean(axis=0) > 0.01).sum())
    return history["loss"], alive, model


SEEDS = range(6)
near_zero = [train_once(seed, start=0.0) for seed in SEEDS]
for seed, (losses, alive, _) in zip(SEEDS, near_zero, strict=True):
    print(f"seed {seed}: {alive} alive, loss {losses[-1]:.3f}")

# %% [markdown]
# It is a lottery. At first every output is a grey 0.5, and the quickest way to a smaller loss is to
# make everything paler. The gradient pushes the codes of *all* images in the same direction, and if
# that is downwards, they are below 0 before they have learnt to differ.
#
# Let us look at a network with two dead numbers. What gradient reaches its encoder? And what does it
# answer?

# %%
doomed = next((model for _, alive, model in near_zero if alive == 0), None)
if doomed is not None:
    doomed.zero_grad()
    bce(doomed(part), part)
    doomed.backward(bce.backward())
    size = max(np.abs(p.grad).max() for p in doomed.encoder.parameters())
    claim("largest gradient in the encoder", size, 0, 0)
    answers = doomed(part)
    claim("difference between answers to different images", np.ptp(answers, axis=0).max(), 0, 0)
    off = np.abs(answers[0] - part.mean(axis=0)).mean()
    claim("its one answer against the mean image, a pixel", off, 0, 0.05)

# %% [markdown]
# The gradient is 0 exactly. All images get one code, (0, 0), and so one answer. The decoder alone
# still learns, and it finds the best single answer there is: the mean image. That is our ceiling
# from above.
#
# The remedy follows from the cause. Let the codes start well above 0, so that they have room to move
# down while they learn to differ. We set their biases to 3, as the package does, and train again.

# %%
above_zero = [train_once(seed, start=3.0) for seed in SEEDS]
for seed, (losses, alive, _) in zip(SEEDS, above_zero, strict=True):
    print(f"seed {seed}: {alive} alive, loss {losses[-1]:.3f}")

# %%
COLORS = (PALETTE[3], PALETTE[1], PALETTE[0])  # of none, one and two alive
level = float(bce(np.broadcast_to(part.mean(axis=0), part.shape), part))
figure = new_figure(9, 4, "Six seeds each, in the colour of how many code numbers survive")
panels = figure.subplots(1, 2, sharey=True)
for axes, runs, words in zip(
    panels, (near_zero, above_zero), ("biases of the code start at 0", "… at 3"), strict=True
):
    for losses, alive, _ in runs:
        axes.plot(4 * np.arange(1, len(losses) + 1), losses, color=COLORS[alive], lw=1.6)
    axes.axhline(level, color=FAINT, ls="--", lw=1.2)
    axes.set_ylim(level - 0.06, level + 0.2)
    label(axes, "step", title=words)
panels[1].annotate("always the mean image", (195, level), (0, 4), textcoords="offset points",
                   ha="right", color=INK)  # fmt: skip
panels[0].set_ylabel("mean BCE (nats a pixel)")
for alive, words in enumerate(("none", "one", "both")):
    panels[1].plot([], [], color=COLORS[alive], label=words)
panels[1].legend(frameon=False)
show(figure, "dead-codes")

# %% [markdown]
# Three levels can be seen: no number, one, both. A curve that comes down to the level of the mean
# image and stays there is the sign of a dead code. No training time will help.

# %%
survivors = [sum(alive for _, alive, _ in runs) for runs in (near_zero, above_zero)]
claim("living code numbers of 12, biases at 0", survivors[0], 0, 10)
claim("living code numbers of 12, biases at 3", survivors[1], 11, 12)

# %% [markdown]
# **A question.** Other remedies: no activation on the code at all; a leaky ReLU; a larger code.
# What would each do to the picture of the coded space?
#
# ## Summary
#
# - An autoencoder is two networks, trained as one and used together or apart.
# - Cross-entropy on grey pixels has a floor above 0 and a natural ceiling, the mean image. Look
#   where you are between the two.
# - `ta.save` and `ta.load` keep structure and weights in one file; `ta.summary` and `ta.plot_model`
#   show what is in a model.
# - Two numbers keep the kind of digit, more or less, and lose the writer.
# - A ReLU on the code clips it to one quarter of the plane and may kill it. Watch the codes, not
#   only the loss.
#
# ## Questions
#
# 1. The recipe takes `--latent-dim`. How many code numbers does the network need to reach the
#    squared error of PCA with 30?
# 2. A photo program claims compression by 392 as well. What would you ask before you believe it is
#    useful? (Think of images that are not digits.)
# 3. In the coded space the classes form rays from the origin. Images far out on a ray and near its
#    beginning: what differs between them? Decode a few and see.
#
# **Exercises.** 4.1 to 4.3 of `tinyae learn`, which checks them and names the mistake.
