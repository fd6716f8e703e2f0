# %% [markdown]
# # 10. What the entropy term does
#
# At the end of this lesson you will know
#
# - what the Kullback–Leibler (KL) term of a variational autoencoder is made of, and which part of
#   it is the *entropy*;
# - what happens to a model whose loss leaves the entropy out: to its clouds, to its codes, to the
#   images it draws from the prior;
# - how to count the latent dimensions that a model really uses;
# - why two loss curves in one diagram may not be comparable.
#
# You need lesson 6 (the VAE and its KL term) and, for the full mode, lesson 9 (the convolutional
# VAE). The fast mode takes the embedded digits and a small dense network. The full mode takes MNIST
# and the network of the course's document on this question (document 003), for `TINYAE_EPOCHS`
# epochs: 6 when nothing is said, 50 in the document. An epoch takes a minute or two.

# %%
import os

import numpy as np
from course import DATA, FULL, choose, claim, show, show_source

import tinyae as ta
from tinyae.models.vae import PRIORS
from tinyae.recipes import networks
from tinyae.views.plots.style import INK, PALETTE, label, new_figure

EPOCHS = choose(10, int(os.environ.get("TINYAE_EPOCHS", "6")))

# %% [markdown]
# ## Taking the KL term apart
#
# The encoder answers an image $x$ with a cloud of codes, $q = \mathcal N(\mu, \sigma^2)$. The prior
# is $p = \mathcal N(0, 1)$. For one dimension,
#
# $$\mathrm{KL}(q\,\Vert\,p) = E_q[\log q] - E_q[\log p]
#   = -\underbrace{\tfrac12\log(2\pi e\,\sigma^2)}_{\text{entropy } H(q)}
#   + \underbrace{\tfrac12(\mu^2 + \sigma^2)}_{\text{distance from 0}} + \tfrac12\log 2\pi .$$
#
# The *entropy* of a cloud says how wide it is, on a logarithmic scale. It stands in the loss with a
# minus: wide clouds are rewarded. The second part punishes codes far from 0.
#
# Why would anybody leave the entropy out? The document comes from the EM algorithm. Its M step
# improves the decoder for a given $q$. The entropy of $q$ does not depend on the decoder, so there
# it is a constant and may go. But a VAE trains its *encoder* with the same loss, and $H(q)$
# depends on the encoder. Leaving it out changes what is learnt. The document tries it.
#
# The package knows three priors: the whole KL term, the document's form, and a strict one.

# %%
show_source(ta.gaussian_kl, PRIORS["em"], PRIORS["em-strict"])

# %% [markdown]
# `em` is what the document codes: $\tfrac12\mu^2$. Look at the formula above: this leaves out more
# than the entropy, as $\tfrac12\sigma^2$ is gone, too. `em-strict` leaves out the entropy and
# nothing else. (Constants do not matter; they have no gradient.) Is that so? The KL term minus the
# strict form must be $-\tfrac12(1 + \log\sigma^2)$, whatever the mean.

# %%
mean, log_var = np.random.default_rng(0).standard_normal((2, 100, 30))
difference = PRIORS["kl"](mean, log_var)[0] - PRIORS["em-strict"](mean, log_var)[0]
entropy_part = -0.5 * (1 + log_var).sum()
claim("KL − strict form − entropy part", abs(difference - entropy_part), 0, 1e-9)

# %% [markdown]
# ## What each form asks of σ
#
# Keep $\mu = 0$ and look at the width of the cloud alone.

# %%
σ = np.geomspace(0.03, 2.5, 200)
forms = {
    "kl: ½ (σ² − 1 − log σ²)": 0.5 * (σ**2 - 1 - np.log(σ**2)),
    "em-strict: ½ σ²": 0.5 * σ**2,
    "em: 0": 0 * σ,
}
figure = new_figure(6.5, 4.0, "The price of a cloud's width, for μ = 0")
axes = figure.subplots()
for color, (name, price) in zip(PALETTE, forms.items(), strict=False):
    axes.plot(σ, price, color=color, lw=1.8, label=name)
axes.set_xscale("log")
axes.set_xticks([0.03, 0.1, 0.3, 1, 2], ["0.03", "0.1", "0.3", "1", "2"])
axes.minorticks_off()
label(axes, "σ", "price (nats a dimension)")
axes.legend(frameon=False, fontsize=9, labelcolor=INK)
show(figure, "price-of-width")

# %% [markdown]
# With the entropy, a cloud of no width costs infinitely much, and σ = 1 is free. Without it,
# nothing holds a cloud open. And the reconstruction would like σ = 0: a decoder that gets the same
# code every time can draw sharper.
#
# **A question.** If σ goes to 0, what is left of the VAE? Which other model of this course is it?
#
# ## Three models
#
# The same network three times, from the same first weights; only the prior term differs. In full
# mode it is the document's: two convolutions and a dense layer down to 30 latent dimensions, dense
# layers up (a transposed convolution on a single pixel *is* a dense layer), dropout in the encoder,
# batches of 250, Adam at $10^{-3}$.
#
# In fast mode there is no time for that. The convolutions are left out: a dense layer of 128 units
# with a dropout of ½, 30 latent dimensions, 64 units up; batches of 100, twice the learning rate.
# The losses come out different. The effect we are after is the same.


# %%
def small_vae(prior: str) -> ta.VAE:
    return ta.VAE(
        ta.Sequential(ta.Flatten(), ta.Linear(784, 128), ta.ReLU(), ta.Dropout(0.5)),
        mean=ta.Linear(128, 30),
        log_var=ta.Linear(128, 30),
        decoder=networks.dense_relu([30, 64, 784], last=ta.Sigmoid()),
        reconstruction="bce",
        prior=prior,
    )


def build(prior: str) -> ta.VAE:
    return networks.deep_conv_vae(prior=prior) if FULL else small_vae(prior)


x = ta.data.scale(ta.data.load(DATA)[0])[:, None]
batches = ta.data.DataLoader(x, batch_size=choose(100, 250), shuffle=True, drop_last=True)

models, histories = {}, {}
for name, prior in (("VAE", "kl"), ("EM", "em"), ("strict EM", "em-strict")):
    ta.seed(0)
    model = build(prior)
    optimizer = ta.Adam(model.parameters(), lr=choose(2e-3, 1e-3))
    histories[name] = ta.fit(model, batches, EPOCHS, optimizer, title=name, progress=FULL)
    models[name] = model.eval()

# %% [markdown]
# ## The losses, and why not to compare them
#
# Per image, so that the numbers have a meaning: *nats*, the unit of a logarithm to base $e$.

# %%
seen = len(batches) * batches.batch_size
curves = {name: np.array(history["loss"]) / seen for name, history in histories.items()}
show(ta.plots.compare_losses(curves, measure="nats an image"), "losses")

# %% [markdown]
# The VAE has the highest loss. Is it the worst model? No: its loss has *more terms*. For the same
# network $\mathrm{KL} - \tfrac12\mu^2 = \tfrac12(\sigma^2 - 1 - \log\sigma^2) \ge 0$, the curve of
# the figure before. The three lines measure three different things; a diagram cannot tell which
# model is better. What can be compared are parts that mean the same for all three: the
# reconstruction, and the whole KL term, computed for each model whether it was trained with it or
# not. We take images that no model has seen, and no dropout.

# %%
test_x = ta.data.scale(ta.data.load(DATA, "test")[0][:1000])[:, None]
codes = {name: model.encode(test_x) for name, model in models.items()}
reconstruction, kl = {}, {}
for name, model in models.items():
    reconstruction[name] = float(model.loss(test_x).reconstruction) / len(test_x)
    kl[name] = float(ta.gaussian_kl(*codes[name])[0]) / len(test_x)
    print(f"{name:9}  reconstruction {reconstruction[name]:6.1f}, KL {kl[name]:6.1f}")

claim("reconstruction, EM against VAE", reconstruction["EM"] / reconstruction["VAE"], 0.5, 1)
total = {name: reconstruction[name] + kl[name] for name in models}
claim("sum of both, EM against VAE", total["EM"] / total["VAE"], 1)
claim("KL term, EM against VAE", kl["EM"] / kl["VAE"], choose(5, 1.5))
claim("KL term, strict EM against VAE", kl["strict EM"] / kl["VAE"], choose(5, 1.5))

# %% [markdown]
# So without the entropy term the images come back better, and the code tells much more about each
# image than a VAE would pay for. By the VAE's own measure, the sum, the others are far behind.
#
# In full mode, the losses of each epoch can be held against those of the same system written in
# another library: at most 3% above them. Being lower proves nothing: `python -m
# tinyae.bench.reference deep-conv-vae --epochs 2 --seed S` trains it there, and for S from 0 to 4 its
# second epoch ends anywhere between 11.58 and 12.21 million.

# %%
REFERENCE = {
    "VAE": [13.47e6, 12.41e6, 12.18e6, 11.98e6, 11.93e6, 11.90e6],
    "EM": [13.39e6, 11.84e6, 11.53e6, 11.35e6, 11.08e6, 10.85e6],
}
if FULL:
    for name, reference in REFERENCE.items():
        for epoch, (loss, known) in enumerate(
            zip(histories[name]["loss"], reference, strict=False), 1
        ):
            claim(f"{name}, loss of epoch {epoch} against the reference", loss / known, 0.95, 1.03)
else:
    for name, curve in curves.items():
        claim(f"{name}: last loss against the first", curve[-1] / curve[0], 0.4, 0.75)

# %% [markdown]
# ## Images drawn from the prior
#
# Now the test of a generative model: draw $z \sim \mathcal N(0, 1)$ in each of the 30 dimensions,
# decode. The same sixteen codes for each model.

# %%
z = np.random.default_rng(1234).standard_normal((16, 30), dtype="float32")
show(ta.plots.samples({name: model.decode(z) for name, model in models.items()}), "samples")

# %% [markdown]
# In fast mode the VAE draws soft digits, some of them between two digits. The others draw with a
# heavier pen, and much of it is no digit: strokes that break off, pieces of two digits, grey noise.
# The document, after 50 epochs of its network, found "various digits" for the VAE, and for the EM
# form almost nothing but images like a 0. How the failure looks depends on the network and on how
# long it was trained.
#
# **A question.** The EM models reconstruct *better*. How can a decoder that reconstructs better
# draw worse?
#
# ## The codes of one batch
#
# The latent means of a batch of test images, a line for each of the 30 dimensions. (The document
# takes the last batch of the training, with dropout still on.)

# %%
means = {name: mean[: batches.batch_size] for name, (mean, _) in codes.items()}
show(ta.plots.latent_lines(means), "latent-lines")

# %% [markdown]
# For the VAE a few dimensions go up and down as far as the prior does, and the others lie near 0.
# A dimension costs KL; one that does not earn its price is switched off: $\mu = 0$, $\sigma = 1$,
# no information, no cost. Without the entropy a dimension is almost free. There is no reason to
# switch any off, and each model spreads a little information over all of them. This takes time; a
# young EM model has not spread yet.
#
# How many dimensions does a model use? Let $v_d$ be the variance of $\mu_d$ over the images. The
# *effective number* of dimensions is $(\sum_d v_d)^2 / \sum_d v_d^2$. It is 30 when all vary
# alike, and 1 when one varies alone.

# %%
effective, spread, width = {}, {}, {}
for name, (mean, log_var) in codes.items():
    variance = mean.var(axis=0)
    effective[name] = float(variance.sum() ** 2 / (variance**2).sum())
    spread[name], width[name] = np.sqrt(variance), np.exp(0.5 * np.median(log_var, axis=0))
    print(
        f"{name:9}  effective dimensions {effective[name]:4.1f}   "
        f"median spread of μ {np.median(spread[name]):.3f}   median σ {np.median(width[name]):.4f}"
    )
claim("effective dimensions, VAE", effective["VAE"], 1, choose(15, 30))
claim("effective dimensions, EM", effective["EM"], choose(18, 1), 30)
claim("effective dimensions, strict EM", effective["strict EM"], choose(18, 1), 30)

# %% [markdown]
# The same for each dimension: how far the *means* scatter over the images, and how wide the *cloud*
# of one image is.

# %%
figure = new_figure(10, 3.8)
panels = figure.subplots(1, 2)
for axes, measured, title in (
    (panels[0], spread, "spread of the means μ"),
    (panels[1], width, "width σ of a cloud (median)"),
):
    for color, (name, model_spread) in zip(PALETTE, spread.items(), strict=False):
        order = np.argsort(-model_spread)
        axes.plot(range(1, 31), measured[name][order], "o-", ms=4, color=color, label=name)
    label(axes, "dimension, in the order of the spread", title)
panels[1].set_yscale("log")
panels[0].legend(frameon=False, fontsize=9, labelcolor=INK)
show(figure, "dimensions")

# %% [markdown]
# On the right you see the entropy at work, on a logarithmic scale. The VAE's clouds are held open;
# where a dimension says nothing, σ is 1. The clouds of the strict form close to almost nothing. The
# document's form has no term for σ at all: the reconstruction closes the clouds of the dimensions
# that the decoder listens to, and nobody cares about the others.
#
# On the left: with clouds that narrow, the means need little room. Codes of different images may
# lie close together and still not be mixed up. $\tfrac12\mu^2$ wants them close to 0, so they
# shrink, and the decoder's weights grow to match.
#
# ## Why the samples fail
#
# Put both together. Draw an image, then a code from its cloud: where do such codes lie? Their
# variance is that of the means plus the mean of σ². The decoder has only ever seen such codes. For
# samples from $\mathcal N(0, 1)$ to look right, this variance should be 1 in each dimension.

# %%
cloud = {}
for name, (mean, log_var) in codes.items():
    cloud[name] = mean.var(axis=0) + np.exp(log_var).mean(axis=0)
    print(f"{name:9}  variance of codes: {cloud[name].min():.2f} … {cloud[name].max():.2f}")
claim("variance of codes, VAE, mean over dimensions", cloud["VAE"].mean(), 0.7, 1.3)
claim("variance of codes, strict EM, mean", cloud["strict EM"].mean(), 0, 0.6)

# %% [markdown]
# The VAE's codes fill the prior. Those of the others fill a small part of it in the middle. A
# random point of the prior lies outside, and there the decoder does as it pleases. Is this all?
# Then codes drawn only as wide as the model's own codes should do better.

# %%
narrow = {
    "strict EM, z as wide as the prior": models["strict EM"].decode(z),
    "strict EM, z as wide as its codes": models["strict EM"].decode(
        z * np.sqrt(cloud["strict EM"])
    ),
}
show(ta.plots.samples(narrow), "samples-narrow")

# %% [markdown]
# The strokes break less often, but they come out faint, and few are clear digits. So this is not
# all: the codes of the images do not fill their own range like a normal distribution. Nothing in
# the loss asked them to. An autoencoder packs its codes; it does not lay them out for drawing.
#
# **A question.** Is there a better way to draw new images from the EM model, using the codes of
# the training images? What would you have to store?
#
# ## Summary
#
# - KL = distance from 0 minus entropy, up to a constant. The entropy rewards wide clouds.
# - Without it, the reconstruction closes the clouds. What is left is close to a plain autoencoder
#   that pays $\tfrac12\mu^2$ for its codes.
# - The entropy makes information cost something. A VAE therefore uses the dimensions that are worth
#   their price and switches the others off; without the entropy all are used a little.
# - Only with the entropy do the codes fill the prior, and only then can you draw from it.
# - Losses with different terms must not be compared. Compare parts that mean the same.
#
# ## Questions
#
# 1. A VAE with β = 0.01 in front of the KL term: which of the three models would it resemble?
# 2. The document drops $\tfrac12\sigma^2$ together with the entropy. Find, in the right panel of
#    the figure of the dimensions, what that changes.
# 3. Multiply all codes of the EM model by ½ and the first weights of the decoder by 2. What
#    happens to the reconstruction, and what to the loss? Why does the training not go on for ever?
#
# **Exercises.** 10.1 to 10.3 of `tinyae learn`, which checks them and names the mistake.
