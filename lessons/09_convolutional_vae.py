# %% [markdown]
# # 9. A convolutional VAE, and mini-batches
#
# At the end of this lesson you will know
#
# - what a data set and a data loader are, and how to make the same batches by hand;
# - why a step on a few images is worth taking;
# - how convolution, pooling, dropout and transposed convolution make a VAE that knows what a
#   neighbouring pixel is;
# - what dropout does to the codes when you forget to switch it off.
#
# You need lessons 6 to 8. In fast mode the lesson trains on a part of the package's own digits; in
# full mode it trains on the first 10,000 images of MNIST for ten epochs, as the course's document
# on VAEs (document 000) does.

# %%
import numpy as np
from course import DATA, FULL, choose, claim, show, show_page, show_source
from scipy.spatial import cKDTree

import tinyae as ta
from tinyae.recipes import networks

ta.seed(0)

# %% [markdown]
# ## A data set
#
# Lesson 7 flattened the images. Now they keep their shape: one channel, 28 rows, 28 columns. (A
# colour image would have three channels.) A batch of $N$ images has the shape
# $N \times 1 \times 28 \times 28$.
#
# A *data set* is anything that has a length and can be indexed. This one keeps the images as bytes
# and scales them only when they are asked for. `index` may be a slice or an array of positions.


# %%
class Digits:
    def __init__(self, images: np.ndarray) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: slice | np.ndarray) -> np.ndarray:
        return ta.data.scale(self.images[index])[:, None]


images, labels = ta.data.load(DATA)
images, labels = images[:10_000], labels[:10_000]
digits = Digits(images)
print(f"{len(digits):,} images, {images.nbytes:,} bytes; three of them: {digits[:3].shape}")
show(ta.plots.class_sheet(images, labels), "digits")

# %% [markdown]
# ## A data loader
#
# A *data loader* cuts the data set into batches. Three settings matter:
#
# - `batch_size`: how many images a batch has;
# - `shuffle`: a new order for every epoch (an *epoch* is once through the data);
# - `drop_last`: what to do with the last batch if it is short. `False` keeps it.

# %%
loader = ta.data.DataLoader(digits, batch_size=256, shuffle=True, drop_last=False)
shapes = [batch.shape for batch in loader]
print("first", shapes[0], "  last", shapes[-1])
print("without the short one:", len(ta.data.DataLoader(digits, batch_size=256, drop_last=True)))
assert shapes[0] == (256, 1, 28, 28)
claim("batches an epoch", len(loader), 40, 40)
claim("images an epoch", sum(shape[0] for shape in shapes), 10_000, 10_000)

# %% [markdown]
# **A question.** The document's text speaks of batches of 250, its code of 256. Both give 40
# batches. What differs?
#
# ## The same by hand
#
# There is no magic in it. Shuffle the positions, cut them into pieces, take the images at these
# positions. With the same random generator the batches are the same, to the bit.

# %%
loader = ta.data.DataLoader(
    digits, batch_size=256, shuffle=True, generator=np.random.default_rng(1)
)
order = np.random.default_rng(1).permutation(len(digits))
by_hand = (digits[order[start : start + 256]] for start in range(0, len(digits), 256))

same = [np.array_equal(ours, theirs) for ours, theirs in zip(by_hand, loader, strict=True)]
claim("batches that agree", sum(same), 40, 40)

# %% [markdown]
# ## The network
#
# Two convolutions read the image (lesson 8), max pooling keeps the strongest response of each 2 × 2
# window, and a linear layer leads to the two heads. *Dropout* sets a random quarter of the numbers
# to 0 in training, and multiplies the others by 4/3, so that the mean stays. The decoder climbs
# back by transposed convolutions and ends in a sigmoid, so that each pixel is a number in $(0, 1)$.

# %%
show_source(networks.conv_vae)

# %%
ta.seed(0)
model = networks.conv_vae()
print(ta.summary(model, (1, 28, 28)))
heads = model.mean.count_parameters() + model.log_var.count_parameters()
claim("parameters of the encoder", model.trunk.count_parameters() + heads, 296_532, 296_532)
claim("parameters of the decoder", model.decoder.count_parameters(), 297_217, 297_217)
claim("parameters in all", model.count_parameters(), 593_749, 593_749)

# %% [markdown]
# **A question.** One layer of the encoder and one of the decoder hold 99% of all parameters. Which?
# Neither is a convolution. What would you do about it?
#
# ## The loss
#
# A pixel is now read as a chance: how likely is ink here? The reconstruction term is the binary
# cross-entropy, and the document weighs the prior term by $\beta = 2$:
#
# $$L = -\sum_{n,p} \bigl[x_{np} \log \hat x_{np} + (1 - x_{np}) \log (1 - \hat x_{np})\bigr]
#   + 2 \sum_n \mathrm{KL}_n .$$
#
# ## One batch as a film
#
# Before the loops, one batch of eight images, step by step: the branches of the encoder, the sample
# z, the loss with its two parts, and all the way back. Find the step where the gradients of the two
# heads add up. Then follow one weight of the first convolution to its update.

# %%
optimizer = ta.Adam(model.parameters(), lr=1e-3)
with ta.trace(model) as tape:
    model.loss(images[:8, None].astype("float32") / 255)
    model.backward()
    optimizer.step()
show_page(tape.to_html, "one-batch")
claim("steps of the film", len(tape.steps), 75, 75)

# %% [markdown]
# ## Two loops
#
# The outer loop counts epochs, the inner one takes the batches. This is all that `ta.fit` does,
# apart from keeping books. Both start from the same seed here, on 1,024 images, and end with the
# same loss.

# %%
few = Digits(images[:1024])


def fresh() -> tuple[ta.VAE, ta.Adam, ta.data.DataLoader]:
    ta.seed(1)
    model = networks.conv_vae()
    return model, ta.Adam(model.parameters(), lr=1e-3), ta.data.DataLoader(few, None, 256, True)


model, optimizer, loader = fresh()
for _ in range(2):
    epoch_loss = 0.0
    for batch in loader:
        optimizer.zero_grad()
        epoch_loss += float(model.loss(batch).total)
        model.backward()
        optimizer.step()

model, optimizer, loader = fresh()
history = ta.fit(model, loader, 2, optimizer, progress=False)
print(f"by hand {epoch_loss:,.1f}, ta.fit {history['loss'][-1]:,.1f}")
claim("difference of the two", abs(epoch_loss - history["loss"][-1]), 0, 1e-3)

# %% [markdown]
# ## Training
#
# In fast mode on fewer images, in smaller batches, for fewer epochs. The loss of an epoch is the
# sum over its batches, collected *while* the weights change and with dropout on.

# %%
n, batch_size, epochs = choose((3_000, 32, 5), (10_000, 256, 10))
ta.seed(0)
model = networks.conv_vae()
training = Digits(images[:n])
loader = ta.data.DataLoader(training, batch_size=batch_size, shuffle=True)
history = ta.fit(model, loader, epochs, ta.Adam(model.parameters(), lr=1e-3), progress=False)
for epoch, losses in enumerate(zip(*history.values(), strict=True), start=1):
    words = (f"{name} {value:>11,.0f}" for name, value in zip(history, losses, strict=True))
    print(f"epoch {epoch:2}:", "  ".join(words))

# %%
show(ta.plots.loss_curves(history, measure=f"sum over {n:,} images"), "loss")

# %% [markdown]
# The document prints the loss of its ten epochs. In full mode the next figure shows them beside
# ours. The first epochs differ most: they depend on the first weights. Five runs of the same system
# in another library ended between 1,866,986 and 1,977,824.

# %%
DOCUMENT = [3_916_594, 2_683_816, 2_312_739, 2_157_263, 2_077_954]
DOCUMENT += [1_994_926, 1_932_130, 1_896_283, 1_871_757, 1_853_997]
if FULL:
    curves = {"this run": history["loss"], "document 000": DOCUMENT}
    show(ta.plots.compare_losses(curves, measure="sum over 10,000 images"), "document")
    claim("loss of epoch 10", history["loss"][-1], 1_750_000, 1_980_000)
    claim("against the document", history["loss"][-1] / DOCUMENT[-1], 0.95, 1.07)
claim("loss an image, last epoch", history["loss"][-1] / n, 150, choose(320, 198))
claim("last epoch against the first", history["loss"][-1] / history["loss"][0], 0.2, 0.9)

# %% [markdown]
# ## Why a few images are enough
#
# The loss is a sum over images, so its gradient is a sum as well. A batch drawn at random gives an
# *estimate* of the direction: right on average, and the better the larger the batch. But sixteen
# times the images cost sixteen times the work, and the estimate is only four times less noisy. How
# well does a batch point into the direction of the gradient of 2,048 images? We measure the cosine
# of the angle between the two, for the network that we have just trained.


# %%
def gradient(batch: np.ndarray) -> np.ndarray:
    model.zero_grad()
    model.loss(batch)
    model.backward()
    return np.concatenate([parameter.grad.ravel() for parameter in model.parameters()])


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


whole, cosines = gradient(training[:2048]), {}
for size in (1, 16, 256):
    batches = (training[start : start + size] for start in range(0, 8 * size, size))
    cosines[size] = np.mean([cosine(gradient(batch), whole) for batch in batches])
    print(f"batches of {size:3}: cosine {cosines[size]:.3f}")
claim("cosine for a batch of 256", cosines[256], 0.1, 1)
claim("the same, less that of a single image", cosines[256] - cosines[1], 0.05)

# %% [markdown]
# **A question.** Before training, the same measurement gives a cosine near 1 even for a single
# image. What does the network have to learn first, and why do all images agree on it?
#
# ## Dropout on, dropout off
#
# Dropout belongs to training. When you *use* the network, every unit should speak. `model.train()`
# and `model.eval()` switch between the two. The document draws its map of the codes without
# switching, so its dropout is still on. Let us do both.


# %%
def codes(data: Digits) -> np.ndarray:
    batches = ta.data.DataLoader(data, batch_size=1000)
    return np.concatenate([model.encode(batch)[0] for batch in batches])


model.train()
noisy = codes(training)
model.eval()
clean = codes(training)
maps = {"training mode: dropout on": noisy, "evaluation mode: dropout off": clean}
show(ta.plots.latent_means(maps, labels[:n], title="Latent means by label"), "latent-means")

# %% [markdown]
# The regions are the same, but with dropout on they are smeared. Each image lies somewhere around
# the place where it belongs. The nearest neighbours on the map say the same in numbers.


# %%
def agreement(means: np.ndarray) -> float:
    """How many images have the label of their nearest neighbour on the map."""
    nearest = cKDTree(means).query(means, k=2)[1][:, 1]
    return float((labels[:n][nearest] == labels[:n]).mean())


claim("agreement with the nearest neighbour, dropout on", agreement(noisy), choose(0.1, 0.25), 0.9)
claim("the same, dropout off", agreement(clean), choose(0.15, 0.3), 0.9)
claim("gain by switching dropout off", agreement(clean) - agreement(noisy), 0)

# %% [markdown]
# Encode the *same* eight images two hundred times in training mode. Each cloud is one image.

# %%
model.train()
eight = training[:8]
repeated = np.stack([model.encode(eight)[0] for _ in range(200)])
model.eval()
names = [f"a {label}, image {k}" for k, label in enumerate(labels[:8])]
points, whose = repeated.reshape(-1, 2), np.tile(names, 200)
show(ta.plots.latent_means(points, whose, title="Eight images, 200 passes each"), "clouds")

# %% [markdown]
# The encoder of a VAE says itself how unsure it is: $\sigma$. Which noise is larger, the one that
# the model wants, or the one of dropout?

# %%
sigma = np.exp(0.5 * model.encode(eight)[1])
scatter = repeated.std(axis=0)
print(f"σ of the model {sigma.mean():.3f}, scatter by dropout {scatter.mean():.3f}")
claim("scatter of μ by dropout", scatter.mean(), 0.02, 2)
claim(
    "scatter of μ in evaluation mode",
    np.ptp([codes(few)[:8] for _ in range(2)], axis=0).max(),
    0,
    0,
)

# %% [markdown]
# **A question.** In training the decoder sees $\mu + \sigma\varepsilon$ with *both* noises. Would
# you expect the model to learn a smaller $\sigma$ with dropout than without?
#
# The loss shows it, too: the same weights, once with dropout and once without.

# %%
model.train()
with_dropout = sum(float(model.loss(batch).total) for batch in loader) / n
model.eval()
without = ta.evaluate(model, loader)["loss"] / n
print(f"loss an image: with dropout {with_dropout:.1f}, without {without:.1f}")
claim("loss without dropout over loss with it", without / with_dropout, 0.7, 1)

# %% [markdown]
# ## What it can do
#
# Originals and their reconstructions, dropout off, from the middle of the cloud.

# %%
chosen = np.array([np.flatnonzero(labels[:n] == digit)[0] for digit in range(10)])
pairs = training[chosen], model.reconstruct(training[chosen])
show(ta.plots.reconstructions(*pairs, labels=range(10)), "reconstructions")

# %% [markdown]
# Shapes come out, blurred where two numbers cannot hold more. But why is the ink *grey*? Look at
# the last layer. A pixel is $\sigma(b + \sum w h)$, where $\sigma$ is now the sigmoid. The numbers
# $h$ come from a ReLU, so they are never negative, and there is one bias $b$ for the whole image.
# If most weights $w$ are negative, no pixel can be much darker than $\sigma(b)$.

# %%
last = model.decoder[-2]
negative, darkest = (last.weight.value < 0).mean(), pairs[1].max()
limit = 1 / (1 + np.exp(-last.bias.value.item()))
print(last, f"negative weights: {negative:.0%}, bias {last.bias.value.item():+.3f}")
print(f"σ(bias) {limit:.3f}, darkest pixel {darkest:.3f}")
claim("share of negative weights in the last layer", negative, 0.5, 1)
claim("darkest pixel of the reconstructions", darkest, 0.35, 0.9)

# %% [markdown]
# That is what happened. The first thing to learn was that paper is white: make most weights
# negative. Now the bias has to climb, and Adam moves it by about the learning rate, 0.001, a step.
# Go on training, and the ink gets darker little by little. No gradient is wrong here, and the loss
# falls nicely. It is looking at the output that shows where the model struggles.
#
# **A question.** What would you change: the activation before the last layer, the first value of
# its bias, its learning rate, the number of steps? Which one would you test first?
#
# ## Summary
#
# - A data set has a length and an index; a data loader shuffles and cuts. Both fit in a few lines.
# - A batch gives an estimate of the gradient. Many cheap steps usually beat few exact ones.
# - Convolutions hold few parameters, even here: the linear layers hold nearly all.
# - Dropout is for training. Forgetting `model.eval()` does not crash. It only makes results worse,
#   and that is what makes it dangerous.
#
# ## Questions
#
# 1. How many steps do ten epochs of 40 batches give? Compare with the 250 full-batch steps of
#    lesson 7: how many *images* were looked at in each case?
# 2. A loss that *averages* over the batch and one that *sums*: what happens with the short last
#    batch of 16 images in each case?
# 3. With $\beta = 2$ the model pays twice for information. What would you expect of the map for
#    $\beta = 10$, and for $\beta = 0$?
#
# **Exercises.** 9.1 to 9.3 of `tinyae learn`, which checks them and names the mistake.
