"""The main job in one command: a stacked autoencoder and a VAE learn, five figures show it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tinyae.backend import Array, seed
from tinyae.data import DataLoader, load, scale
from tinyae.layers.linear import Linear
from tinyae.losses import CrossEntropyLoss
from tinyae.models import VAE, StackedAutoencoder
from tinyae.optimizers import Adam
from tinyae.recipes.networks import mlp_vae
from tinyae.report import write_figures
from tinyae.training import History, descend, fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["run_demo"]

SIZES = (784, 100, 25)
BATCH_SIZE = 100
EPOCHS = 15
EXTENT, GRID = 3.0, 15
"""The latent grid goes from −3 to 3 along each axis, in so many points."""


def run_demo(out: Path, data: str = "digits", seed_number: int = 0) -> None:
    """Train both models, print their scores, and write the figures to ``out``.

    Parameters
    ----------
    out : Path
        Folder for five PNG files; made if it is not there.
    data : str
        Name of a data set.
    seed_number : int
    """
    out.mkdir(parents=True, exist_ok=True)
    seed(seed_number)
    images, labels = load(data)
    test_images, test_labels = load(data, "test")
    x, test_x = (scale(part).reshape(len(part), -1) for part in (images, test_images))
    print(f"{data}: {len(x):,} images to learn from, {len(test_x):,} to test with")
    stacked = _train_stacked(x, labels, test_x, test_labels)
    vae, history = _train_vae(x)
    write_figures(_figures(stacked, vae, history, test_x, test_labels), out)
    print(f"\nfive figures: {out.resolve()}")


def _train_stacked(x: Array, y: Array, test_x: Array, test_y: Array) -> StackedAutoencoder:
    """Linear baseline, greedy pretraining, classifier on frozen codes, fine-tuning."""
    steps = 5 * len(x) // BATCH_SIZE
    print(f"\nstacked autoencoder {' → '.join(map(str, SIZES))}, accuracy on the test images")
    baseline = Linear(SIZES[0], int(y.max()) + 1)
    optimizer = Adam(baseline.parameters())
    descend(
        baseline,
        CrossEntropyLoss(),
        optimizer,
        x,
        y,
        steps=steps,
        batch_size=BATCH_SIZE,
        title="linear classifier",
    )
    linear = float((baseline(test_x).argmax(axis=1) == test_y).mean())
    print(f"  linear classifier on the pixels   {linear:.1%}")
    model = StackedAutoencoder(SIZES, activation="tanh")
    model.pretrain(x, steps, BATCH_SIZE, lr=1e-3, noise=0.5, optimizer=Adam)
    model.fit_classifier(x, y, steps, BATCH_SIZE, lr=1e-2, optimizer=Adam)
    print(f"  classifier on frozen codes        {model.score(test_x, test_y):.1%}")
    model.fine_tune(x, y, 2 * steps, BATCH_SIZE, lr=5e-4, noise=0.3, optimizer=Adam)
    print(f"  after fine-tuning the whole stack {model.score(test_x, test_y):.1%}")
    return model


def _train_vae(x: Array) -> tuple[VAE, History]:
    """A VAE with a code of two numbers, so that all of its latent space fits on a page."""
    model = mlp_vae(latent_dim=2)
    batches = DataLoader(x, batch_size=BATCH_SIZE, shuffle=True)
    history = fit(model, batches, EPOCHS, Adam(model.parameters()), title="VAE")
    for values in history.values():
        values[:] = [value / len(x) for value in values]
    print("\nVAE with a code of 2 numbers, nats an image\n  epoch  reconstruction      KL")
    for epoch, (reconstruction, prior) in enumerate(
        zip(history["reconstruction"], history["prior"], strict=True), 1
    ):
        print(f"  {epoch:5}  {reconstruction:14.2f}  {prior:6.2f}")
    return model.eval(), history


def _figures(
    stacked: StackedAutoencoder, vae: VAE, history: History, test_x: Array, test_y: Array
) -> dict[str, Figure]:
    """The five figures by file name."""
    from tinyae.views import plots

    means, _ = vae.encode(test_x)
    first_of_each = [int((test_y == label).argmax()) for label in range(int(test_y.max()) + 1)]
    shown = test_x[first_of_each]
    return {
        "1-loss": plots.loss_curves(
            history, measure="nats an image", title="VAE: the loss and its parts"
        ),
        "2-reconstructions": plots.reconstructions(
            shown, vae.reconstruct(shown), test_y[first_of_each], title="VAE, a code of 2 numbers"
        ),
        "3-features": plots.features(
            stacked.features(0), title="Stacked autoencoder: what each unit of layer 1 draws"
        ),
        "4-latent-means": plots.latent_means(means, test_y, title="VAE: codes of the test images"),
        "5-latent-grid": plots.latent_grid(
            vae.decode(plots.grid_points(EXTENT, GRID)), EXTENT, title="VAE: decoded codes"
        ),
    }
