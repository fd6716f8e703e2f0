# %% [markdown]
# # 7. A variational autoencoder on digits
#
# At the end of this lesson you will know
#
# - how the VAE of lesson 6 grows to images, and how to count its parameters;
# - how to judge a loss of several hundred thousand: against what?
# - how to read the map that a two-dimensional code draws of a data set;
# - what happens when you decode a point that no image was encoded to.
#
# You need lesson 6. In fast mode the lesson uses the digits that come with the package; in full
# mode it uses the first 10,000 images of MNIST, as the course's document on VAEs does.

# %%
import numpy as np
from course import DATA, FULL, choose, claim, show, show_source
from scipy.spatial import cKDTree

import tinyae as ta
from tinyae.recipes import Settings, networks
from tinyae.views.pca import principal_components

ta.seed(0)

# %% [markdown]
# ## The data
#
# An image is a table of 28 × 28 numbers from 0 (paper) to 255 (ink). Here is the third one.

# %%
images, labels = ta.data.load(DATA)
n = choose(1_500, 10_000)
images, labels = images[:n], labels[:n]
print(len(images), "images of", images.shape[1:], images.dtype, "from", repr(DATA))
show(ta.plots.image_sheet(images[2:3], title=f"The third image: a {labels[2]}"), "digit")

# %% [markdown]
# The network of this lesson knows nothing of rows and columns. Each image becomes a vector of
# $28 \cdot 28 = 784$ numbers in $[0, 1]$. The labels are only for colouring pictures.

# %%
x = ta.data.scale(images).reshape(len(images), -1)
print("x", x.shape, x.dtype, "from", x.min(), "to", x.max())

# %% [markdown]
# ## The network
#
# The trunk is 784 → 100 → 20 with ReLU; two heads give $\mu$ and $\log\sigma^2$, two numbers each.
# The decoder goes back, 2 → 20 → 100 → 784. Its last layer is linear, so nothing forbids ink below
# 0 or above 1: the squared error does not mind.

# %%
show_source(networks.dense_relu, networks.dense_vae)

# %%
ta.seed(0)
model = networks.dense_vae((784, 100, 20))
print(ta.summary(model, (784,)))

# %% [markdown]
# A linear layer from $n$ to $m$ has $n \cdot m$ weights and $m$ biases. So the trunk has
# $784 \cdot 100 + 100 + 100 \cdot 20 + 20$ parameters. Count those of the decoder yourself before
# you read on.

# %%
claim("parameters of the trunk", model.trunk.count_parameters(), 80_520, 80_520)
claim("parameters of the decoder", model.decoder.count_parameters(), 81_344, 81_344)
claim("parameters in all", model.count_parameters(), 161_948, 161_948)

# %% [markdown]
# Before training anything: do the shapes fit? Two images give two rows from each head. Five codes
# of zeros give five identical images.

# %%
mean, log_var = model.encode(x[:2])
print("mean", mean.round(3), "log_var", log_var.round(3), sep="\n")
decoded = model.decode(np.zeros((5, 2), "float32"))
assert mean.shape == log_var.shape == (2, 2)
assert decoded.shape == (5, 784)
claim("spread between images decoded from zeros", np.ptp(decoded, axis=0).max(), 0, 0)

# %% [markdown]
# ## Training, all images at once
#
# The loss is the one of lesson 6, summed over all images $n$ and pixels $p$:
#
# $$L = \sum_{n,p} (x_{np} - \hat x_{np})^2
#   + \tfrac12 \sum_{n,k} \bigl(\mu_{nk}^2 + \sigma_{nk}^2 - 1 - \log\sigma_{nk}^2\bigr).$$
#
# Every step sees every image: *full batch*. That is simple and gives the exact gradient (up to the
# drawn codes), but it buys only one step for the price of looking at all images. Lesson 9 does
# better. Adam makes steps of about $10^{-3}$ a parameter, whatever the size of the loss, so that a
# sum over thousands of images needs no other learning rate than a mean.

# %%
ta.seed(0)
model = networks.dense_vae((784, 100, 20))
batches = ta.data.DataLoader(x, batch_size=len(x))
history = ta.fit(model, batches, 250, ta.Adam(model.parameters(), lr=1e-3), progress=False)
final = history["loss"][-1]
print(", ".join(f"{name} {values[-1]:,.0f}" for name, values in history.items()))

# %%
show(ta.plots.loss_curves(history, unit="step", measure=f"sum over {len(x):,} images"), "loss")

# %% [markdown]
# Is this good? So large a number tells nothing by itself. Divide by the number of
# images, and compare with models that need no training loop:
#
# - answer every image with the mean of all images;
# - the best *linear* code of two numbers, principal components (lesson 3).

# %%
plane = principal_components(x, 2)
mean_error = ((x - x.mean(axis=0)) ** 2).sum() / len(x)
plane_error = ((x - plane.decode(plane.encode(x))) ** 2).sum() / len(x)
vae_error = history["reconstruction"][-1] / len(x)
print(f"squared error an image: mean image {mean_error:.2f}, two principal components ", end="")
print(f"{plane_error:.2f}, VAE {vae_error:.2f} (with the prior term {final / len(x):.2f})")
claim("VAE against the mean image", vae_error / mean_error, 0, choose(0.95, 0.9))
claim("VAE against two principal components", vae_error / plane_error, 0.8, 1.1)

# %% [markdown]
# So after 250 steps this network has *not* gone far beyond a linear code. Its training was short,
# and its codes are drawn, which costs precision. It is a modest model, and it is worth knowing
# that.
#
# **A question.** The loss falls steeply and then bends. Which of the numbers above, times the
# number of images, does it bend at? What does the model do at that moment?
#
# ## The map
#
# Encode all images, and put a point at each $\mu$, in the colour of the label.

# %%
means, log_vars = model.encode(x)
show(ta.plots.latent_means(means, labels, title="Latent means by label"), "latent-means")
print("mean of σ over all images:", np.exp(0.5 * log_vars).mean(axis=0).round(3))

# %% [markdown]
# The model saw no label, and yet some digits have a region of their own. How good is the map? Give
# each image the label of its nearest neighbour on the map. Guessing would be right once in ten.

# %%
neighbour = cKDTree(means).query(means, k=2)[1][:, 1]
right = labels[neighbour] == labels
for digit in range(10):
    print(f"{digit}: {right[labels == digit].mean():.0%}", end="   ")
print()
claim("nearest neighbour on the map has the same label", right.mean(), 0.2, 0.8)

# %% [markdown]
# **A question.** Which digits share a region? Look at how they are written before you blame the
# model.
#
# ## Decoding a point
#
# Now the other way: choose a point of the plane and decode it. The document takes $(-2, 3)$.

# %%
point = np.array([[-2.0, 3.0]], "float32")
image = model.decode(point)
show(ta.plots.image_sheet(image, grey=(0, 1), title="Decoded from (−2, 3)"), "decoded")
nearest = np.linalg.norm(means - point, axis=1).min()
print(f"distance from (−2, 3) to the nearest encoded image: {nearest:.2f}")
print(f"numbers of the decoded image: {image.min():.2f} to {image.max():.2f}")

# %% [markdown]
# Where does this point lie on your map? If images are around it, you should recognize a digit of
# that colour. If it lies outside, the decoder only continues what it learnt elsewhere.
#
# Decode a whole grid of points, and the map becomes an atlas. Hold the two pictures side by side.

# %%
grid = model.decode(ta.plots.grid_points(3, 15))
show(ta.plots.latent_grid(grid, 3, title="The decoded plane"), "atlas")

# %% [markdown]
# Neighbouring points give similar images: drawing the codes asks for just that. Some places show
# a mixture of two digits. A code of two numbers has no room to keep them apart.
#
# ## There and back
#
# Originals above, their reconstructions from the middle of the cloud, decode(μ), below.

# %%
chosen = [np.flatnonzero(labels == digit)[0] for digit in range(10)]
pairs = x[chosen], model.reconstruct(x[chosen])
show(ta.plots.reconstructions(*pairs, labels=range(10)), "reconstructions")

# %% [markdown]
# **A question.** The reconstructions are blurred. Take two images with nearly the same code. What
# is the best single answer to both, if squared error is the judge?
#
# ## How sure is the number?
#
# One run is one draw of the first weights. Runs of the same system in another library ended
# between 432,622 and 445,542 on 10,000 images of MNIST, depending on the seed. So we look at more
# than one run.

# %%
recipe = ta.recipes.get("dense-vae")
seeds = choose((1,), (1, 2))
settings = [Settings(data=DATA, limit=len(x), seed=seed, progress=False) for seed in seeds]
losses = np.array([final, *(recipe.run(setting).history["loss"][-1] for setting in settings)])
print("final losses:", ", ".join(f"{loss:,.0f}" for loss in losses))

if FULL:
    claim("lowest final loss", losses.min(), 425_000, 446_000)
    claim("highest final loss", losses.max(), 425_000, 450_000)
    claim("mean final loss", losses.mean(), 425_000, 446_000)
claim("final loss an image, mean of the runs", losses.mean() / len(x), 30, choose(60, 44.6))

# %% [markdown]
# ## Summary
#
# - Going from 15 coordinates to 784 pixels changes sizes only. The layers, the loss and its
#   gradients are those of lesson 6.
# - A loss needs a yardstick: the mean image and a linear code are two that cost nothing.
# - Two numbers an image make a map. Similar images lie close, because the decoder must cope with
#   drawn codes.
# - Full batch: 250 looks at all images, 250 steps.
#
# ## Questions
#
# 1. How many numbers does the decoder learn for each pixel of the image? Which layer holds nearly
#    all parameters, and why?
# 2. Use 20 latent dimensions in place of 2 (`networks.dense_vae(sizes, latent_dim=20)`). What
#    becomes of the loss, and of the picture of the map?
# 3. Replace the full batch by batches of 100 images and train for as many *looks at an image* as
#    before. How many steps is that, and how far does the loss get?
#
# **Exercises.** 7.1 and 7.2 of `tinyae learn`, which checks them and names the mistake.
