# %% [markdown]
# # 12. A gallery of bugs
#
# Every mistake in this lesson has been published: in tutorials, course notes and teaching
# libraries, one of them in a document this course is made from. Their authors were not careless.
# All of these programs *run*, and in nearly all of them the loss falls. That is what makes the
# mistakes worth a museum.
#
# For each we show the wrong lines, what you would notice, a check that finds it and one that does
# not. At the end you will know
#
# - why "it learns" proves next to nothing;
# - which mistakes a gradient check finds, and which it can *never* find;
# - three other checks that cost a few lines each, and what each of them is blind to.
#
# It helps to have read lesson 2 (checking a gradient) and lesson 6 (the variational autoencoder);
# for some of the layers in the second hall, lessons 9 (max pooling, dropout) and 11 (batch norm).

# %%
import copy

import numpy as np
from course import DATA, choose, claim, show, show_source

import tinyae as ta
from tinyae.backend import generator_for
from tinyae.layers.kernels import pad, windows
from tinyae.models.vae import GaussianSampler
from tinyae.recipes.networks import mlp_vae
from tinyae.views.plots.style import FAINT, INK, PALETTE, SMALL_SIZE, label, new_figure

images, labels = ta.data.load(DATA)
test_images, test_labels = ta.data.load(DATA, split="test")
pixels = ta.data.scale(images)
test_pixels = ta.data.scale(test_images[:2000])
test_labels = test_labels[:2000]
generator = np.random.default_rng(0)


def normal(*shape):
    return generator.normal(size=shape)


# %% [markdown]
# We keep a table: for each bug and each check, whether the check *caught* it. Not every check
# makes sense for every bug; where it does not, a dot is printed.

# %%
CHECKS = ("it learns", "easy test", "gradcheck", "spread of z", "doubled batch", "trusted twin")
table = {}


def note(bug, *caught):
    """Enter what each check said about a bug: True, False, or None where it does not apply."""
    outcomes = (None if outcome is None else bool(outcome) for outcome in caught)
    table[bug] = dict(zip(CHECKS, outcomes, strict=True))
    for check, outcome in table[bug].items():
        if outcome is not None:
            print(f"{check:14} {'caught' if outcome else 'missed'}")


# %% [markdown]
# # First hall: the wrong function, differentiated correctly
#
# A gradient check asks one question: is `backward` the derivative of `forward`? If `forward`
# computes the wrong thing and `backward` is the exact derivative of that wrong thing, the answer
# is yes. The same is true of automatic differentiation, where it cannot be otherwise. So for the
# bugs of this hall we need checks that know what the numbers *mean*.
#
# All of them are in a VAE. Recall: the encoder gives $\mu$ and $\log \sigma^2$, and a code is
# drawn by
#
# $$z = \mu + \sigma\,\varepsilon, \qquad \sigma = e^{\frac12 \log \sigma^2},
#   \qquad \varepsilon \sim N(0, 1) .$$

# %%
show_source(GaussianSampler.forward, GaussianSampler.backward)

# %% [markdown]
# ## Bug 1: exp(log σ²) as the standard deviation
#
# The network's output is called `log_var`, "the log of the variance". The exponential undoes the
# logarithm. What comes out is the *variance*, and it is used as if it were the standard deviation.
# Only the ½ is missing. The backward pass below is right for this forward pass: the derivative of
# $e^{\ell}\varepsilon$ is $e^{\ell}\varepsilon$.


# %%
class VarianceAsDeviation(GaussianSampler):
    def forward(self, mean, log_var):
        noise = generator_for(mean).standard_normal(mean.shape, dtype=mean.dtype)
        self.deviation = np.exp(log_var) * noise
        return mean + self.deviation

    def backward(self, dz):
        return dz, dz * self.deviation


# %% [markdown]
# ## Bug 2: ½ log σ² without the exponential
#
# This one is in document 004 of this course. The ½ is there, the exponential is missing. The
# "standard deviation" can now be negative, which does no harm, because $\varepsilon$ has either
# sign. But look at where it is zero: at $\log \sigma^2 = 0$, exactly where the KL divergence wants
# the network to be.


# %%
class HalfLogVariance(GaussianSampler):
    def forward(self, mean, log_var):
        self.noise = generator_for(mean).standard_normal(mean.shape, dtype=mean.dtype)
        return mean + 0.5 * log_var * self.noise

    def backward(self, dz):
        return dz, 0.5 * dz * self.noise


# %%
DEVIATION = {
    "right": lambda log_var: np.exp(0.5 * log_var),
    "exp(log σ²)": lambda log_var: np.exp(log_var),
    "½ log σ²": lambda log_var: np.abs(0.5 * log_var),
}


def draw_deviations():
    figure = new_figure(6.5, 4.0, "The noise that is added, against what the network says")
    axes = figure.subplots()
    log_var = np.linspace(-6, 1.5, 300)
    for color, (name, deviation) in zip(PALETTE, DEVIATION.items(), strict=False):
        axes.plot(log_var, deviation(log_var), color=color, lw=2, label=name)
    axes.axvline(0, color=FAINT, lw=1)
    words = "the KL divergence\npulls here"
    axes.text(-0.1, 2.65, words, fontsize=SMALL_SIZE, color=INK, ha="right")
    axes.set_ylim(0, 3)
    axes.legend(frameon=False, fontsize=SMALL_SIZE, loc="upper left", bbox_to_anchor=(0.28, 1.0))
    label(axes, "output of the network, log σ²", "standard deviation of z − μ")
    return figure


show(draw_deviations(), "deviations")

# %% [markdown]
# **Think about it.** The first two curves cross. At which value of $\log \sigma^2$ would a test of
# bug 1 pass? (It is the value that a test made of zeros uses.)
#
# What would you notice? Let us train three VAEs that differ in nothing but their sampler.

# %%
BUGS = {
    "exp(log σ²)": lambda vae: setattr(vae, "sampler", VarianceAsDeviation()),
    "½ log σ²": lambda vae: setattr(vae, "sampler", HalfLogVariance()),
}

train_x = pixels[: choose(2_000, 20_000)].reshape(-1, 784)
test_x = test_pixels.reshape(-1, 784)
EPOCHS = choose(10, 8)


def train_vae(break_it=lambda vae: None):
    ta.seed(0)
    vae = mlp_vae(hidden=choose(100, 400), latent_dim=choose(6, 20))
    break_it(vae)
    batches = ta.data.DataLoader(train_x, batch_size=choose(50, 128), shuffle=True)
    optimizer = ta.Adam(vae.parameters(), lr=choose(2e-3, 1e-3))
    history = ta.fit(vae, batches, EPOCHS, optimizer, progress=False)
    return vae.eval(), history


trained = {"right": train_vae(), **{name: train_vae(bug) for name, bug in BUGS.items()}}

# %%
show(
    ta.plots.compare_losses(
        {name: np.array(history["loss"]) / len(train_x) for name, (_, history) in trained.items()},
        measure="nats an image",
        title="Three VAEs that differ in nothing but their sampler",
    ),
    "vae-losses",
)

# %% [markdown]
# None of the curves looks broken, and **the one with document 004's bug ends below the right one.**
# Nothing in training will make you suspicious. You may even be proud.
#
# The loss is that low because it is not what it says. The KL term is computed from `log_var` and
# charges for a noise of $\sigma = e^{\frac12 \log\sigma^2}$; the decoder gets another noise, a
# smaller one, and the difference is free of charge. We can present the bill: compute the KL
# divergence of the noise that was *really* added.


# %%
def bill(name):
    vae = trained[name][0]
    mean, log_var = vae.encode(test_x)
    real_log_var = 2 * np.log(np.maximum(DEVIATION[name](log_var), 1e-6))
    charged, real = (
        float(ta.gaussian_kl(mean, value)[0]) / len(test_x) for value in (log_var, real_log_var)
    )
    reconstruction = ta.evaluate(vae, [test_x])["reconstruction"] / len(test_x)
    print(
        f"{name:12} reconstruction {reconstruction:6.1f}   KL as charged {charged:5.1f}   "
        f"as it is {real:5.1f}   true loss {reconstruction + real:6.1f}"
    )
    return reconstruction + charged, reconstruction + real


totals = {name: bill(name) for name in trained}

# %% [markdown]
# With the true KL divergence the picture changes: the right VAE has the lowest loss of the
# three. The broken ones found a way to cheat, not a better model. For the second bug the way is
# plain to see: say $\log \sigma^2 \approx 0$, pay nothing, and get hardly any noise. What remains
# is close to an ordinary autoencoder whose codes are pulled towards 0. Do pictures tell? Here are
# samples from the prior of each:


# %%
def prior_samples(name):
    ta.seed(1)
    return trained[name][0].sample(36)


show(
    ta.plots.samples(
        {name: prior_samples(name) for name in trained}, title="Samples from the prior"
    ),
    "samples",
)

# %% [markdown]
# **Think about it.** If the titles were taken away, could you say which of the three are broken?
#
# Now the checks. The gradient check passes, as announced. What catches the bug is a test that
# knows the *meaning* of `log_var`: draw many codes for a known $\log \sigma^2$ and measure their
# spread.


# %%
def small_vae(break_it=lambda vae: None):
    ta.seed(3)
    vae = mlp_vae(pixels=12, hidden=8, latent_dim=3)
    break_it(vae)
    return vae


def spread_is_wrong(vae, log_var=(-2.0, -0.5, 1.0)):
    """Whether the variance of 20,000 draws differs from exp(log_var) by more than 10%."""
    ta.seed(0)
    log_var = np.tile(np.array(log_var), (20_000, 1))
    z = vae.sampler.forward(np.zeros_like(log_var), log_var)
    return not np.allclose(z.var(axis=0), np.exp(log_var[0]), rtol=0.1)


# %% [markdown]
# A second check that works is to compare with a *trusted twin*: another implementation, such as
# the same model in PyTorch. Start both from the same weights, take two steps of the optimizer on
# the same batches, and compare the weights. Here the package's own VAE is the twin.


# %%
def after_two_steps(model, batches, loss=None, optimizer=None):
    """All weights of a model after two steps of Adam."""
    ta.seed(5)
    optimizer = optimizer or ta.Adam(model.parameters(), lr=0.01)
    ta.fit(model, batches, 1, optimizer, loss, progress=False)
    return np.concatenate([parameter.value.ravel() for parameter in model.parameters()])


def differs(weights, others):
    return not np.allclose(weights, others, rtol=1e-3, atol=1e-5)


small_batches = [generator.random((7, 12)).astype("float32") for _ in range(2)]
twin = after_two_steps(small_vae(), small_batches)

# %% [markdown]
# And a third one, for later: **double the batch.** Whatever adds up over the batch must double,
# whatever averages must stay, and the parts of a loss must agree on which of the two they do. (A
# reconstruction with fresh noise doubles only nearly, so we take the mean of many.)


# %%
def parts_disagree(vae, x):
    """Whether the two parts of the loss react differently to a doubled batch."""

    def parts(batch):
        drawn = [vae.loss(batch) for _ in range(50)]
        return np.mean([[loss.reconstruction, loss.prior] for loss in drawn], axis=0)

    ratios = parts(np.concatenate([x, x])) / parts(x)
    print(f"a doubled batch multiplies reconstruction by {ratios[0]:.2f}, KL by {ratios[1]:.2f}")
    return abs(ratios[0] - ratios[1]) > 0.2


def loss_stays(history):
    """Whether training did not lower the loss by at least a tenth."""
    return history["loss"][-1] > 0.9 * history["loss"][0]


def check_vae(bug, break_it):
    note(
        bug,
        loss_stays(trained[bug][1]),
        None,
        not ta.gradcheck(small_vae(break_it), small_batches[0]).passed,
        spread_is_wrong(small_vae(break_it)),
        parts_disagree(small_vae(break_it), small_batches[0]),
        differs(after_two_steps(small_vae(break_it), small_batches), twin),
    )


for name, break_it in BUGS.items():
    print(f"\n{name}")
    check_vae(name, break_it)
    assert not table[name]["gradcheck"]
    assert table[name]["spread of z"]

# %% [markdown]
# A warning about the check that works. A test is quickly written with zeros, and
# $e^0 = e^{\frac12 \cdot 0} = 1$:

# %%
assert not spread_is_wrong(small_vae(BUGS["exp(log σ²)"]), log_var=(0.0, 0.0, 0.0))
assert spread_is_wrong(small_vae(BUGS["½ log σ²"]), log_var=(0.0, 0.0, 0.0))
print("log σ² = 0: exp(log σ²) passes, ½ log σ² does not")

# %% [markdown]
# ## Bug 3: the KL divergence summed, the reconstruction averaged
#
# The reconstruction error comes from a library, whose default is the *mean* over all pixels of all
# images. The KL divergence is written by hand, and the formula in the paper is a *sum*. So the
# first is divided by the number of pixels in the batch and the second is not. One word is wrong.


# %%
def average_reconstruction(vae):
    vae.reconstruction_loss = ta.BCELoss(reduction="mean")


BUGS["KL summed, rest averaged"] = average_reconstruction
trained["KL summed, rest averaged"] = train_vae(average_reconstruction)

# %% [markdown]
# What would you notice? The loss falls, from about ln 2 = 0.69, what a grey image costs a pixel,
# and settles. But in effect the KL term is weighted with a $\beta$ as large as the number of pixels
# in the batch, and the cheapest thing the encoder can do is to say nothing: $\mu = 0$, $\sigma = 1$
# for every image. The decoder hears nothing and paints the average of all digits. This is called
# *posterior collapse*, and people have spent weeks on elaborate cures for it.

# %%
show(
    ta.plots.samples(
        {
            "originals": test_x[:25],
            "right": trained["right"][0].reconstruct(test_x[:25]),
            "KL summed, rest averaged": trained["KL summed, rest averaged"][0].reconstruct(
                test_x[:25]
            ),
        },
        title="Twenty-five test images, and what two VAEs make of them",
    ),
    "collapse",
)


def kl_an_image(name):
    mean, log_var = trained[name][0].encode(test_x)
    return float(ta.gaussian_kl(mean, log_var)[0]) / len(test_x)


for name in ("right", "KL summed, rest averaged"):
    print(f"{name:26} KL {kl_an_image(name):.5f} nats an image")

# %% [markdown]
# **Think about it.** The opposite mistake, a KL divergence that is averaged over the batch and
# beside it a sum over pixels, is as common. What would you see then: in the reconstructions, and
# in the samples from the prior?
#
# The gradient check is blind again: the gradient of a badly weighted sum is a correct gradient of
# a badly weighted sum. The spread of $z$ is right too. The doubled batch tells.

# %%
name = "KL summed, rest averaged"
check_vae(name, average_reconstruction)
assert not table[name]["gradcheck"]
assert not table[name]["spread of z"]
assert table[name]["doubled batch"]

# %% [markdown]
# And the right VAE? A check that also rings where nothing burns is no check.

# %%
check_vae("right", lambda vae: None)
assert not any(table.pop("right").values())

# %%
right_loss, right_true_loss = totals["right"]
claim("½ log σ²: loss over the right one's", totals["½ log σ²"][0] / right_loss, 0.5, 0.99)
claim("½ log σ²: true loss over the right one's", totals["½ log σ²"][1] / right_true_loss, 1.02)
claim("exp(log σ²): loss over the right one's", totals["exp(log σ²)"][0] / right_loss, 0.7, 1.03)
claim("exp(log σ²): true loss over the right one's", totals["exp(log σ²)"][1] / right_true_loss, 1)
claim("KL of the collapsed VAE, nats an image", kl_an_image(name), 0, 0.05)
claim("KL of the right VAE, nats an image", kl_an_image("right"), 1)

# %% [markdown]
# # Second hall: the wrong derivative
#
# Here `forward` is right and `backward` is not. This is what gradient checks are for. But a
# gradient check done at a convenient point can miss every one of these. So we do two: the
# package's `ta.gradcheck`, and an *easy test*, with central differences and `np.allclose` like any
# other, but with all ones upstream, and in the simplest setting that the layer has.


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


def fails_easy_test(layer, x):
    """Whether backward with an upstream of ones differs from the central differences."""
    layer.astype("float64").zero_grad()
    dy = np.ones_like(layer(x))
    pairs = [(x, layer.backward(dy)), *((p.value, p.grad) for p in layer.parameters())]
    return not all(
        np.allclose(numerical_gradient(lambda: (dy * layer(x)).sum(), array), gradient, atol=1e-7)
        for array, gradient in pairs
    )


# %% [markdown]
# The doubled batch makes sense for a single layer too. Feed every sample twice: the gradients of
# the weights must double, and both halves of `dx` must be what they were.


# %%
def fails_doubled(layer, x):
    layer = layer.astype("float64")
    dy = normal(*layer(x).shape)

    def gradients(times):
        twice = copy.deepcopy(layer)
        twice.zero_grad()
        twice(np.concatenate([x] * times))
        dx = twice.backward(np.concatenate([dy] * times))
        dx = np.concatenate([dx] * (2 // times))
        return [dx, *(parameter.grad / times for parameter in twice.parameters())]

    try:
        return not all(map(np.allclose, gradients(1), gradients(2)))
    except ValueError as reason:
        print(f"(the doubled batch stops with: {reason})")
        return True


# %% [markdown]
# And to see the symptom, a small network that reads digits, in which any kind of layer can be
# replaced by a broken one.


# %%
def network(
    pool=ta.MaxPool2d, norm=ta.BatchNorm2d, relu=ta.ReLU, dropout=ta.Dropout, linear=ta.Linear
):
    return ta.Sequential(
        ta.Conv2d(1, 4, 3, stride=2, padding=1),  # 1 × 28 × 28 → 4 × 14 × 14
        norm(4),
        relu(),
        pool(3, stride=2, padding=1),  # → 4 × 7 × 7
        ta.Conv2d(4, 12, 3, padding=1),
        norm(12),
        relu(),
        pool(3, stride=2, padding=1),  # → 12 × 4 × 4
        ta.Flatten(),
        dropout(0.25),
        linear(12 * 4 * 4, 10),
    )


# %% [markdown]
# It trains on a few images, twice through, with Adam. `never_clear` will be the last bug of the
# gallery: it takes `zero_grad` away from the optimizer.

# %%
BATCH = 10
N = choose(1_200, 6_000)
x_train, y_train = pixels[:N, None], labels[:N]
x_test = test_pixels[:, None]
x_batch, y_batch = x_train[: 2 * BATCH], y_train[: 2 * BATCH]


def never_clear(optimizer):
    optimizer.zero_grad = lambda: None
    return optimizer


def train_network(seed, change_optimizer=lambda optimizer: optimizer, **layers):
    """Loss as training goes on, and accuracy on test images."""
    ta.seed(seed)
    model = network(**layers)
    optimizer = change_optimizer(ta.Adam(model.parameters(), lr=5e-3))
    batches = ta.data.DataLoader(x_train, y_train, batch_size=BATCH, shuffle=True)
    history = ta.fit(
        model,
        batches,
        epochs=2,
        optimizer=optimizer,
        loss=ta.CrossEntropyLoss(),
        report_every=N // BATCH // 10,
        progress=False,
    )
    predicted = model.eval()(x_test).argmax(axis=1)
    return history["loss"], float((predicted == test_labels).mean())


# %% [markdown]
# Two steps are enough for the comparison with the trusted twin. Then one function runs every check
# on a bug and notes the outcome for the table at the end.


# %%
def two_steps(change_optimizer=lambda optimizer: optimizer, **layers):
    ta.seed(7)
    model = network(**layers)
    batches = [
        (x_batch[:BATCH], y_batch[:BATCH]),
        (x_batch[BATCH:], y_batch[BATCH:]),
    ]
    optimizer = change_optimizer(ta.Adam(model.parameters(), lr=5e-3))
    return after_two_steps(model, batches, ta.CrossEntropyLoss(), optimizer)


SEEDS = choose((0, 1), (0, 1, 2))
trusted = two_steps()
results = {"nothing wrong": [train_network(seed) for seed in SEEDS]}


def learns_nothing(runs):
    """Whether the loss ends near ln 10, the loss of guessing."""
    return min(losses[-1] for losses, _ in runs) > 0.8 * np.log(10)


def accuracies(runs):
    return ", ".join(f"{score:.1%}" for _, score in runs)


def check_network(bug, easy, hard, doubled=None, **changes):
    """Train with the bug, run every check on it; each of the layers comes with its input."""
    results[bug] = [train_network(seed, **changes) for seed in SEEDS]
    note(
        bug,
        learns_nothing(results[bug]),
        None if easy is None else fails_easy_test(*easy),
        not ta.gradcheck(*hard).passed,
        None,
        None if doubled is None else fails_doubled(*doubled),
        differs(two_steps(**changes), trusted),
    )
    scores, right = (accuracies(results[which]) for which in (bug, "nothing wrong"))
    print(f"test images read correctly: {scores} (with nothing wrong: {right})")


# %% [markdown]
# ## Bug 4: dropout without its mask on the way back
#
# Forward sets some numbers to 0. What did not go in has no influence, so its gradient is 0: `dy`
# must be multiplied by *the same mask*. Here it is not.


# %%
class NoMaskBackward(ta.Dropout):
    def backward(self, dy):
        return dy


# %% [markdown]
# Dropout is random, which is a nuisance in a gradient check. So people switch it off first:
# `layer.eval()`. In that mode dropout does nothing, and doing nothing is right.

# %%
bug = "dropout mask left out"
check_network(
    bug,
    easy=(NoMaskBackward(0.5).eval(), normal(4, 5)),
    hard=(NoMaskBackward(0.5), normal(4, 5)),
    dropout=NoMaskBackward,
)
assert not table[bug]["easy test"]
assert table[bug]["gradcheck"]

# %% [markdown]
# ## Bug 5: `=` where windows overlap
#
# Max pooling sends each `dy` to the place where the maximum was. If windows overlap, one place may
# win several of them, and its gradient is a sum. The loop over windows with `=` instead of `+=` is
# in lesson 2. Here is a subtler form of the same thing, which even *says* `+=`:


# %%
class LastWindowWins(ta.MaxPool2d):
    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, dy):
        image = pad(self.x, self.padding, value=-np.inf)
        seen = windows(image, self.kernel_size, self.stride)
        place = seen.reshape(*dy.shape, -1).argmax(axis=-1)  # in its window, row by row
        n, c, i, j = np.indices(dy.shape)
        rows = i * self.stride[0] + place // self.kernel_size[1]
        columns = j * self.stride[1] + place % self.kernel_size[1]
        dx = np.zeros_like(image)
        dx[n, c, rows, columns] += dy
        (top, left), (height, width) = self.padding, self.x.shape[2:]
        return dx[:, :, top : top + height, left : left + width]


# %% [markdown]
# With lists of indices, `a[index] += b` reads all the places, adds, and writes all the places. If
# a place is listed twice, both times the *old* number is read, and the last one written stays.
# (`np.add.at(a, index, b)` adds as many times as a place is listed.) With stride = window no place
# is ever listed twice.

# %%
bug = "= where windows overlap"
check_network(
    bug,
    easy=(LastWindowWins(2), normal(1, 2, 6, 6)),
    hard=(LastWindowWins(3, stride=2, padding=1), normal(1, 2, 7, 7)),
    doubled=(LastWindowWins(3, stride=2, padding=1), normal(2, 2, 7, 7)),
    pool=LastWindowWins,
)
assert not table[bug]["easy test"]
assert table[bug]["gradcheck"]

# %% [markdown]
# ## Bug 6: max pooling looks back into the unpadded image
#
# Forward adds a border to `x` and pools the result. Backward has to find the maxima again, and
# takes `self.x`: the image *without* the border. Every window is off by the width of the border.


# %%
class LooksIntoTheUnpadded(ta.MaxPool2d):
    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, dy):
        dx = np.zeros_like(self.x)
        (height, width), (down, right) = self.kernel_size, self.stride
        for i, j in np.ndindex(*dy.shape[2:]):
            window = self.x[:, :, i * down :, j * right :][:, :, :height, :width]
            place = window.reshape(*dy.shape[:2], -1).argmax(axis=-1)
            n, c = np.indices(dy.shape[:2])
            u, v = np.divmod(place, window.shape[3])
            dx[n, c, i * down + u, j * right + v] += dy[:, :, i, j]
        return dx


# %% [markdown]
# Shapes fit, nothing stops. Where the padding is 0, as in the easy test, it is even right.

# %%
bug = "unpadded input read"
check_network(
    bug,
    easy=(LooksIntoTheUnpadded(2), normal(1, 2, 6, 6)),
    hard=(LooksIntoTheUnpadded(3, stride=2, padding=1), normal(1, 2, 7, 7)),
    doubled=(LooksIntoTheUnpadded(3, stride=2, padding=1), normal(2, 2, 7, 7)),
    pool=LooksIntoTheUnpadded,
)
assert not table[bug]["easy test"]
assert table[bug]["gradcheck"]

# %% [markdown]
# ## Bug 7: batch norm, checked with all ones
#
# The bug here is in the check. Batch norm makes the mean of its outputs 0 (then adds $\beta$), so
# the sum of the outputs does not depend on $x$: with an upstream gradient of all ones the right
# answer is 0, and many wrong formulas give 0 as well. This one forgets that the variance depends
# on $x$.


# %%
class ForgetsTheVariance(ta.BatchNorm2d):
    def backward(self, dy):
        super().backward(dy)  # fills the gradients of γ and β
        g = self.weight.value[:, None, None] * dy
        g = g - g.mean(axis=(0, 2, 3), keepdims=True)
        return g * self.inverse_std[:, None, None]  # missing: − x̂ · mean(g · x̂)


bug = "batch norm, all ones"
check_network(
    bug,
    easy=(ForgetsTheVariance(2), normal(3, 2, 2, 2)),
    hard=(ForgetsTheVariance(2), normal(3, 2, 2, 2)),
    doubled=(ForgetsTheVariance(2), normal(3, 2, 2, 2)),
    norm=ForgetsTheVariance,
)
assert not table[bug]["easy test"]
assert table[bug]["gradcheck"]

# %% [markdown]
# ## Bug 8: a bias gradient summed over the wrong axis
#
# The bias gets the sum of `dy` over the *batch*, axis 0. With `axis=1` the result has one number a
# sample instead of one a feature, and adding it to the gradient stops with an error. Unless there
# are as many samples as features. Our network has ten classes and, here, batches of ten.


# %%
class WrongAxis(ta.Linear):
    def backward(self, dy):
        self.weight.grad += dy.T @ self.x
        self.bias.grad += dy.sum(axis=1)
        return dy @ self.weight.value


# %% [markdown]
# With all ones, a square `dy` has the same sums along both axes. The easy test passes. And what
# does the network lose? Its last layer is followed by a softmax, whose gradient sums to 0 over the
# classes: the wrong sum is always 0 (but for rounding), the bias hardly moves, and the weights
# learn to do without it.

# %%
bug = "bias summed over wrong axis"
check_network(
    bug,
    easy=(WrongAxis(3, 4), normal(4, 3)),
    hard=(WrongAxis(3, 4), normal(4, 3)),
    doubled=(WrongAxis(3, 4), normal(4, 3)),
    linear=WrongAxis,
)
assert not table[bug]["easy test"]
assert table[bug]["gradcheck"]
assert table[bug]["doubled batch"]

# %% [markdown]
# # Third hall: bad manners
#
# In this hall all derivatives are right. What is wrong is what else happens.
#
# ## Bug 9: an optimizer step inside `backward`
#
# A popular way to save a few lines: `backward(dy, learning_rate)` computes the gradient and
# updates the weights at once.


# %%
class StepsInBackward(ta.Linear):
    def backward(self, dy):
        dx = dy @ self.weight.value
        self.weight.value -= 0.02 * dy.T @ self.x
        self.bias.value -= 0.02 * dy.sum(axis=0)
        return dx


# %% [markdown]
# It learns. But no optimizer can be chosen any more: Adam, momentum, weight decay, a learning rate
# that decreases, all of them wait for gradients that are never stored. Two losses cannot be added,
# a layer cannot be used twice in one network, and there is no gradient to be looked at. That last
# thing is what even the easy test notices.

# %%
bug = "step inside backward"
check_network(
    bug,
    easy=(StepsInBackward(3, 2), normal(4, 3)),
    hard=(StepsInBackward(3, 2), normal(4, 3)),
    doubled=(StepsInBackward(3, 2), normal(4, 3)),
    linear=StepsInBackward,
)
assert table[bug]["gradcheck"]
print(ta.gradcheck(StepsInBackward(3, 2), normal(4, 3)))

# %% [markdown]
# ## Bug 10: the upstream gradient changed in place
#
# `dy *= mask` instead of `dy * mask`: one array less, a little faster. The result is right.


# %%
class MasksInPlace(ta.ReLU):
    def backward(self, dy):
        dy *= self.y > 0
        return dy


bug = "upstream scaled in place"
check_network(
    bug,
    easy=(MasksInPlace(), normal(4, 3)),
    hard=(MasksInPlace(), normal(4, 3)),
    doubled=(MasksInPlace(), normal(4, 3)),
    relu=MasksInPlace,
)
identical = all(
    broken == right
    for (broken, _), (right, _) in zip(results[bug], results["nothing wrong"], strict=True)
)
print("the losses of training are the same to the last bit:", identical)
assert identical
assert table[bug]["gradcheck"]
assert not table[bug]["trusted twin"]

# %% [markdown]
# In a chain of layers nobody looks at `dy` again, and so nothing is wrong. It waits for the day
# when somebody does: for the first network with a branch. In $y = x + \mathrm{relu}(x)$ both ways
# receive the same `dy`, and the second one finds it changed.


# %%
class Residual(ta.Layer):
    """y = x + inner(x)."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x + self.inner(x)

    def backward(self, dy):
        through_inner = self.inner.backward(dy)
        return dy + through_inner


x = np.array([[-1.0, 2.0]])
for relu in (ta.ReLU(), MasksInPlace()):
    layer = Residual(relu)
    layer(x)
    print(f"{type(relu).__name__:13} gradient {layer.backward(np.ones((1, 2)))}")

report = ta.gradcheck(Residual(MasksInPlace()), normal(4, 3))
wrong = {finding.tensor for finding in report.findings}
print("wrong according to the gradient check:", ", ".join(sorted(wrong)))
assert {"input", "upstream"} <= wrong
assert ta.gradcheck(Residual(ta.ReLU()), normal(4, 3)).passed

# %% [markdown]
# At −1 the layer is $y = x$, whose slope is 1. The one with the bug says 0. Note who is to blame:
# `Residual` is correct, and it is `Residual` whose gradient is wrong. Only a check that watches
# for changes, as `ta.gradcheck` does, points to the ReLU.
#
# ## Bug 11: gradients that are not cleared
#
# `backward` adds to the gradients, so that a weight that is used twice gets both shares. The price
# is that somebody must clear them before the next step. If not, each step follows the sum of *all*
# gradients since the beginning.

# %%
bug = "gradients not cleared"
ta.seed(1)
check_network(
    bug,
    easy=None,
    hard=(network().eval(), x_batch[:3]),
    change_optimizer=never_clear,
)
assert table[bug]["it learns"]
assert not table[bug]["gradcheck"]
assert table[bug]["trusted twin"]

# %%
show(
    ta.plots.compare_losses(
        {
            "cleared before each step": results["nothing wrong"][0][0],
            "never cleared": results[bug][0][0],
        },
        unit="step",
        every=N // BATCH // 10,
        measure="nats an image",
        title="The same network, with and without zero_grad()",
    ),
    "not-cleared",
)

# %% [markdown]
# Like a ball without friction, the network rolls through the valley and far up the other side. It
# ends where it might as well guess, near $\ln 10 \approx 2.3$. Nothing is wrong with any layer, so
# no gradient check will ever say a word: the mistake is between two steps, and only what looks at
# two steps can see it. And still the first step is perfect. A test that takes one step and compares
# would pass.
#
# **Think about it.** How could `zero_grad` be forgotten and training still work quite well? (Think
# of a very small learning rate, and few steps.)

# %% [markdown]
# # What you would have noticed
#
# Here is what each bug of the second and the third hall costs: the share of test images read
# correctly, a dot a seed.


# %%
def draw_accuracies():
    figure = new_figure(7.5, 4.2, "Test accuracy of a small network with one bug in it")
    axes = figure.subplots()
    for row, runs in enumerate(results.values()):
        scores = [100 * score for _, score in runs]
        color = PALETTE[0] if row == 0 else PALETTE[1]
        axes.plot(scores, [row] * len(scores), "o", color=color, alpha=0.8)
    right = [100 * score for _, score in results["nothing wrong"]]
    axes.axvspan(min(right), max(right), color=PALETTE[0], alpha=0.12, lw=0)
    axes.set_yticks(range(len(results)), list(results))
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.grid(axis="y", color=FAINT, lw=0.5, alpha=0.6)
    label(axes, "test images read correctly (%)")
    return figure


show(draw_accuracies(), "accuracies")

# %% [markdown]
# The shaded strip is what the network reaches with nothing wrong, from one seed to another. Of
# eight bugs, look how many lie in it or beside it. A wrong gradient that points roughly downhill
# is enough to learn *something*, and a good optimizer forgives a lot. You would have published.
#
# # The table

# %%
WORDS = {True: "caught", False: "missed", None: "·"}

print(f"{'':28}" + "".join(f"{check:15}" for check in CHECKS))
for bug, row in table.items():
    print(f"{bug:28}" + "".join(f"{WORDS[caught]:15}" for caught in row.values()))

# %%
caught_by = {check: sum(row[check] is True for row in table.values()) for check in CHECKS}
print({check: f"{count} of {len(table)}" for check, count in caught_by.items()})

claim("bugs in the gallery", len(table), 11, 11)
claim("caught by looking whether it learns", caught_by["it learns"], 1, 1)
claim("caught by the easy test", caught_by["easy test"], 1, 1)
claim("caught by ta.gradcheck", caught_by["gradcheck"], 7, 7)
claim("caught by the spread of z", caught_by["spread of z"], 2, 2)
claim("caught by the doubled batch", caught_by["doubled batch"], 2, 2)
claim("caught by a trusted twin", caught_by["trusted twin"], 10, 10)
assert all(any(row.values()) for row in table.values()), "a bug that no check catches"
assert all(False in row.values() for row in table.values()), "a bug that every check catches"

# %% [markdown]
# No column is complete.
#
# - *It learns* finds the one bug that destroys everything, and no other.
# - The *easy test* finds one of seven. It is the same test as the next, done at a convenient point.
# - `ta.gradcheck` finds every wrong derivative and the bad manners inside a layer. It says nothing
#   about a wrong function, nor about what happens between two steps.
# - The *spread of z* and the *doubled batch* know what numbers mean. They find what no derivative
#   can show, and little else.
# - A *trusted twin* finds almost everything, but somebody must have written it, and it must not
#   share your mistake. It saw nothing of a bug that waits for another network.
#
# So there is no one best check. There is a short list, and it takes less time to run than to read.
#
# ## Summary
#
# - A program that learns may be wrong in every layer.
# - A gradient check compares `backward` with `forward`. Do it at a point without anything special.
#   It can never find a wrong `forward`.
# - For what `forward` means, test the meaning: the variance of what is drawn, the effect of a
#   doubled batch, a case whose answer you know.
# - For what happens between steps, take two steps and compare with a twin.
#
# ## Questions
#
# 1. Find a check, other than the spread of $z$ and the twin, that catches bugs 1 and 2. (A hint:
#    the KL divergence can also be estimated from samples; lesson 6 does so.)
# 2. A dropout layer forgets to divide by $1 - p$, forward and backward. Which checks of the table
#    catch it? Write the one that knows the meaning.
# 3. Choose one of the eleven, plant it in code of your own without saying which, and let a friend
#    find it. What did they try first?
#
# **Exercises.** 12.1 to 12.3 of `tinyae learn`, which checks them and names the mistake.
