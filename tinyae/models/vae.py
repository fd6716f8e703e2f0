"""The variational autoencoder, and its two branches by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tinyae.arguments import checked
from tinyae.backend import Array, array_module, generator_for
from tinyae.errors import TinyaeError, check_choice
from tinyae.layers.base import Layer
from tinyae.layers.module import Module
from tinyae.losses import BCELoss, MSELoss, check_log_var, gaussian_kl

__all__ = ["VAE", "GaussianSampler", "VAELoss", "VAEOutput"]


@dataclass(frozen=True)
class VAEOutput:
    """What a VAE makes of a batch: (N, …) for the reconstruction, (N, latent_dim) else."""

    reconstruction: Array
    z: Array
    mean: Array
    log_var: Array


@dataclass(frozen=True)
class VAELoss:
    """A VAE's loss, summed over the batch: total = reconstruction + β · prior."""

    total: Array
    reconstruction: Array
    prior: Array


class GaussianSampler:
    """z = μ + σ ε with σ = exp(½ log σ²) and ε drawn from N(0, 1): the reparameterization.

    Notes
    -----
    Shapes: mean, log_var and z (N, latent_dim). Drawing z itself from N(μ, σ²) would leave
    nothing to differentiate. With ε drawn aside, z is a plain function of μ and log σ²:
    ∂z/∂μ = 1 and ∂z/∂(log σ²) = ½ σ ε. Hence dμ = dz and d(log σ²) = dz · ½ σ ε.

    References
    ----------
    Kingma and Welling, "Auto-encoding variational Bayes", 2014, section 2.4.
    """

    def forward(self, mean: Array, log_var: Array) -> Array:
        """Draw z."""
        xp = array_module(mean, log_var)
        if mean.shape != log_var.shape:
            raise TinyaeError(
                f"VAE: expected heads mean and log_var of one shape, got {mean.shape} "
                f"and {log_var.shape}"
            )
        check_log_var(log_var)
        noise = generator_for(mean).standard_normal(mean.shape, dtype=mean.dtype)
        self.deviation = xp.exp(0.5 * log_var) * noise
        return mean + self.deviation

    def backward(self, dz: Array) -> tuple[Array, Array]:
        """(∂L/∂μ, ∂L/∂(log σ²)) from ∂L/∂z, for the ε that forward drew."""
        return dz, 0.5 * dz * self.deviation


def _em(mean: Array, log_var: Array) -> tuple[Array, Array, Array]:
    """½ Σ μ²: the KL divergence as document 003 codes it, without entropy and variance."""
    xp = array_module(mean)
    return 0.5 * (mean**2).sum(), mean.copy(), xp.zeros_like(log_var)


def _em_strict(mean: Array, log_var: Array) -> tuple[Array, Array, Array]:
    """½ Σ (μ² + σ²): the KL divergence without the entropy of q(z|x) alone."""
    xp = array_module(mean)
    check_log_var(log_var)
    variance = xp.exp(log_var)
    return 0.5 * (mean**2 + variance).sum(), mean.copy(), 0.5 * variance


RECONSTRUCTIONS = {"mse": MSELoss, "bce": BCELoss}
PRIORS = {"kl": gaussian_kl, "em": _em, "em-strict": _em_strict}


class VAE(Module):
    """An autoencoder whose code is a distribution: q(z|x) = N(μ(x), σ²(x)).

    The trunk's output h branches into two heads, μ and log σ²; a sample z of q(z|x) goes
    through the decoder. The loss is summed over the batch,

        L = Σ reconstruction(x̂, x) + β · Σ KL(q(z|x) ‖ N(0, 1)).

    Parameters
    ----------
    trunk : Layer
        From x to the features h that both heads read.
    mean, log_var : Layer
        The heads, from h to (N, latent_dim).
    decoder : Layer
        From z to the reconstruction. Its output may have another shape than x, but as many
        numbers (a flat decoder for images).
    reconstruction : "mse" or "bce"
        Squared error, or binary cross-entropy for a decoder that ends in a sigmoid and data
        in [0, 1]; both summed.
    prior : "kl", "em" or "em-strict"
        The KL divergence; ½ Σ μ², as document 003 codes the EM algorithm; ½ Σ (μ² + σ²), which
        leaves out the entropy of q(z|x) and nothing else.
    beta : float
        β ≥ 0, the weight of the prior term.

    Notes
    -----
    Backward walks the graph from its end. The decoder turns ∂L/∂x̂ into ∂L/∂z; the sampler
    splits that between the branches, where the prior's own gradient is added; each head turns
    its share into a gradient of h, and as h went into both heads the two *add up*:

        dμ = dz + β ∂KL/∂μ,   d(log σ²) = dz · ½ σ ε + β ∂KL/∂(log σ²),
        dh = mean.backward(dμ) + log_var.backward(d(log σ²)).

    References
    ----------
    Kingma and Welling, "Auto-encoding variational Bayes", 2014. Higgins et al., "β-VAE", 2017.
    """

    reduction = "sum"

    def __init__(
        self,
        trunk: Layer,
        mean: Layer,
        log_var: Layer,
        decoder: Layer,
        reconstruction: str = "mse",
        prior: str = "kl",
        beta: float = 1.0,
    ) -> None:
        super().__init__()
        check_choice("VAE", "reconstruction", reconstruction, RECONSTRUCTIONS)
        check_choice("VAE", "prior", prior, PRIORS)
        if not 0 <= beta < math.inf:
            raise TinyaeError(f"VAE: expected a finite beta ≥ 0, got {beta}")
        self.trunk, self.mean, self.log_var, self.decoder = trunk, mean, log_var, decoder
        self.sampler = GaussianSampler()
        self.reconstruction_loss = RECONSTRUCTIONS[reconstruction](reduction="sum")
        self.reconstruction, self.prior, self.beta = reconstruction, prior, float(beta)

    @property
    def latent_dim(self) -> int:
        """Length of a code."""
        return self.mean.parameters()[-1].shape[0]

    def encode(self, x: Array) -> tuple[Array, Array]:
        """(μ, log σ²) of q(z|x), each (N, latent_dim)."""
        hidden = self.trunk(x)
        return self.mean(hidden), self.log_var(hidden)

    def decode(self, z: Array) -> Array:
        """The decoder's output for codes z (N, latent_dim)."""
        return self.decoder(z)

    def __call__(self, x: Array) -> VAEOutput:
        """The same as ``forward``."""
        return self.forward(x)

    def forward(self, x: Array) -> VAEOutput:
        """Encode, draw z, decode; another z at each call."""
        mean, log_var = self.encode(x)
        z = self.sampler.forward(mean, log_var)
        return VAEOutput(self.decode(z), z, mean, log_var)

    def reconstruct(self, x: Array) -> Array:
        """decode(μ(x)): the reconstruction from the middle of q(z|x), with nothing drawn."""
        return self.decode(self.encode(x)[0])

    @checked
    def sample(self, n: int) -> Array:
        """Decode ``n`` codes drawn from the prior N(0, 1)."""
        if n < 1:
            raise TinyaeError(f"VAE: expected at least one sample, got {n}")
        weight = self.parameters()[0].value
        shape = (n, self.latent_dim)
        return self.decode(generator_for(weight).standard_normal(shape, dtype=weight.dtype))

    def loss(self, x: Array) -> VAELoss:
        """The loss of a batch with its parts; remembers what ``backward`` needs."""
        output = self(x)
        target = self._target(x, output.reconstruction)
        reconstruction = self.reconstruction_loss(output.reconstruction, target)
        prior, self.d_mean, self.d_log_var = self.prior_term(output.mean, output.log_var)
        return VAELoss(reconstruction + self.beta * prior, reconstruction, prior)

    def prior_term(self, mean: Array, log_var: Array) -> tuple[Array, Array, Array]:
        """The chosen prior's value, summed over the batch, and its two gradients, without β."""
        return PRIORS[self.prior](mean, log_var)

    def backward(self) -> Array:
        """Add ∂L/∂θ to the gradients of all parameters.

        Returns
        -------
        array, the shape of x
            ∂L/∂x by way of the encoder, the target held fixed.
        """
        return self.trunk.backward(self._d_hidden())

    def accumulate(self) -> None:
        self.trunk.accumulate(self._d_hidden())

    def _d_hidden(self) -> Array:
        """The gradient of what the trunk gives to the heads."""
        if not hasattr(self, "d_mean"):
            raise TinyaeError("VAE: backward called before loss")
        dz = self.decoder.backward(self.reconstruction_loss.backward())
        d_mean, d_log_var = self.sampler.backward(dz)
        d_mean = d_mean + self.beta * self.d_mean
        d_log_var = d_log_var + self.beta * self.d_log_var
        return self.mean.backward(d_mean) + self.log_var.backward(d_log_var)

    def _target(self, x: Array, reconstruction: Array) -> Array:
        if x.size != reconstruction.size:
            raise TinyaeError(
                f"VAE: expected a decoder that gives back an input {x.shape}, "
                f"got {reconstruction.shape}"
            )
        return x.reshape(reconstruction.shape)
