"""The VAE and the documents' networks against PyTorch, with the same weights and noise."""

from __future__ import annotations

import numpy as np
import pytest

import tinyae as ta
from tests.models.vae_cases import dense
from tinyae.backend import fixed_seed
from tinyae.models.vae import PRIORS, RECONSTRUCTIONS
from tinyae.recipes import networks

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'tinyae[parity]'")
nn = torch.nn

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}


class TorchVAE(nn.Module):
    """The same model as PyTorch users write it; ``noise`` is given, not drawn."""

    def __init__(self, trunk, mean, log_var, decoder):
        super().__init__()
        self.trunk, self.mean, self.log_var, self.decoder = trunk, mean, log_var, decoder

    def losses(self, x, noise, reconstruction, prior, beta):
        hidden = self.trunk(x)
        mean, log_var = self.mean(hidden), self.log_var(hidden)
        copy = self.decoder(mean + torch.exp(log_var / 2) * noise).reshape(x.shape)
        distance = {"mse": nn.MSELoss, "bce": nn.BCELoss}[reconstruction](reduction="sum")(copy, x)
        q = torch.distributions.Normal(mean, torch.exp(log_var / 2))
        kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum()
        penalty = {
            "kl": kl,
            "em-strict": kl + (0.5 * (1 + log_var)).sum(),
            "em": 0.5 * mean.square().sum(),
        }[prior]
        return distance + beta * penalty, distance, penalty


def small():
    mine, x = dense()
    theirs = TorchVAE(
        nn.Sequential(nn.Linear(6, 5), nn.Tanh()),
        nn.Linear(5, 3),
        nn.Linear(5, 3),
        nn.Sequential(nn.Linear(3, 4), nn.Softplus(), nn.Linear(4, 6), nn.Sigmoid()),
    )
    return mine, theirs, x


def document_000_part_1():
    theirs = TorchVAE(
        nn.Sequential(nn.Linear(15, 10), nn.ReLU(), nn.Linear(10, 5), nn.ReLU()),
        nn.Linear(5, 2),
        nn.Linear(5, 2),
        nn.Sequential(
            *(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 10), nn.ReLU(), nn.Linear(10, 15))
        ),
    )
    return networks.dense_vae([15, 10, 5], 2), theirs, ta.data.gaussian_groups()[0][:50]


def document_000_part_3():
    theirs = TorchVAE(
        nn.Sequential(
            *(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 8, 3), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Dropout(0.25), nn.Flatten(), nn.Linear(1152, 256), nn.ReLU(), nn.Dropout(0.25)),
        ),
        nn.Linear(256, 2),
        nn.Linear(256, 2),
        nn.Sequential(
            *(nn.Linear(2, 256), nn.ReLU(), nn.Linear(256, 1152), nn.ReLU()),
            nn.Unflatten(1, (8, 12, 12)),
            *(nn.ConvTranspose2d(8, 4, 3, 2, 1, output_padding=1), nn.ReLU()),
            *(nn.ConvTranspose2d(4, 2, 3), nn.ReLU(), nn.ConvTranspose2d(2, 1, 3), nn.Sigmoid()),
        ),
    )
    images = np.random.default_rng(0).random((3, 1, 28, 28))
    return networks.conv_vae().eval(), theirs.eval(), images  # evaluation: without dropout


def best_known():
    theirs = TorchVAE(
        nn.Sequential(nn.Linear(784, 400), nn.ReLU()),
        nn.Linear(400, 20),
        nn.Linear(400, 20),
        nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid()),
    )
    return networks.mlp_vae(), theirs, np.random.default_rng(0).random((3, 784))


def twins(build, dtype):
    """Both models with PyTorch's weights, the data, and the noise that tinyae will draw."""
    torch.manual_seed(0)
    mine, theirs, x = build()
    theirs = theirs.to(getattr(torch, dtype))
    mine.astype(dtype).load_state_dict(theirs.state_dict())
    with fixed_seed(9):
        noise = ta.backend.generator_for(x).standard_normal((len(x), mine.latent_dim), dtype=dtype)
    return mine, theirs, x.astype(dtype), noise


def compare(mine, theirs, x, noise, reconstruction, prior, beta):
    """Losses with their parts, and all gradients, ∂L/∂x left out (PyTorch's has the target's)."""
    tolerance = TOLERANCE[str(x.dtype)]
    with fixed_seed(9):
        losses = mine.loss(x)
    expected = theirs.losses(torch.tensor(x), torch.tensor(noise), reconstruction, prior, beta)
    for name, value in zip(("total", "reconstruction", "prior"), expected, strict=True):
        assert getattr(losses, name) == pytest.approx(value.item(), rel=tolerance), name
    mine.backward()
    expected[0].backward()
    gradients = {name: p.grad.numpy() for name, p in theirs.named_parameters()}
    assert mine.named_parameters().keys() == gradients.keys()
    for name, parameter in mine.named_parameters().items():
        scale = abs(gradients[name]).max()
        assert scale > 0
        np.testing.assert_allclose(
            parameter.grad, gradients[name], rtol=0, atol=tolerance * scale, err_msg=name
        )


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("reconstruction", RECONSTRUCTIONS)
def test_losses_and_gradients(reconstruction, prior, dtype):
    mine, theirs, x, noise = twins(small, dtype)
    settings = {"reconstruction": reconstruction, "prior": prior, "beta": 1.7}
    mine.__init__(mine.trunk, mine.mean, mine.log_var, mine.decoder, **settings)
    compare(mine, theirs, x, noise, **settings)


@pytest.mark.parametrize(
    ("build", "reconstruction", "beta"),
    [(document_000_part_1, "mse", 1), (document_000_part_3, "bce", 2), (best_known, "bce", 1)],
)
def test_the_networks_of_the_documents(build, reconstruction, beta):
    mine, theirs, x, noise = twins(build, "float64")
    compare(mine, theirs, x, noise, reconstruction, "kl", beta)


def test_a_whole_training_run():
    """Ten steps of Adam on the whole data: the same losses all the way."""
    mine, theirs, x, _ = twins(document_000_part_1, "float64")
    optimizer = torch.optim.Adam(theirs.parameters(), lr=1e-2)
    expected = []
    with fixed_seed(4):
        noise = [ta.backend.generator_for(x).standard_normal((len(x), 2)) for _ in range(10)]
    for draw in noise:
        optimizer.zero_grad()
        total, *_ = theirs.losses(torch.tensor(x), torch.tensor(draw), "mse", "kl", 1)
        total.backward()
        optimizer.step()
        expected.append(total.item())
    with fixed_seed(4):
        history = ta.fit(mine, [x], 10, ta.Adam(mine.parameters(), lr=1e-2), progress=False)
    np.testing.assert_allclose(history["loss"], expected, rtol=1e-10)
    assert expected[-1] < 0.9 * expected[0]
