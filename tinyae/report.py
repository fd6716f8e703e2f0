"""A recipe's result as a folder: weights, history and figures."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from tinyae.atomic import whole_file
from tinyae.errors import TinyaeError
from tinyae.files import save
from tinyae.models import VAE, Autoencoder, StackedAutoencoder
from tinyae.recipes import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Figures: TypeAlias = "dict[str, Figure]"

__all__ = ["write_figures", "write_report"]

SHOWN = 10
"""Images in a row of reconstructions."""
EXTENT, GRID = 3.0, 15
"""A latent grid goes from −3 to 3 along each axis, in so many points."""


def write_report(result: Result, folder: Path) -> list[Path]:
    """Write ``model.npz``, ``result.json`` and the figures that suit the model, as PNG files.

    Parameters
    ----------
    result : Result
    folder : Path
        Made if it is not there.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    TinyaeError
        When one cannot be written; what was there is still there.
    """
    from tinyae.views import plots

    save(result.model, folder / "model.npz")
    numbers = json.dumps(result.as_json(), indent=1).encode()
    _write(folder / "result.json", lambda file: file.write(numbers))
    losses = {name: result.history[name] for name in ("loss", "reconstruction", "prior")
              if name in result.history}  # fmt: skip
    figures: Figures = {"loss": plots.loss_curves(losses), **_figures_of(result)}
    return [folder / "model.npz", folder / "result.json", *write_figures(figures, folder)]


def write_figures(figures: Figures, folder: Path) -> list[Path]:
    """Write each figure as a PNG file of its name, whole or not at all.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    TinyaeError
        When one cannot be written; what was there is still there.
    """
    paths = [folder / f"{name}.png" for name in figures]
    for path, figure in zip(paths, figures.values(), strict=True):
        _write(path, functools.partial(figure.savefig, format="png", dpi=150))
    return paths


def _write(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """A file as ``fill`` writes it, whole or not at all."""
    try:
        with whole_file(path) as file:
            fill(file)
    except OSError as reason:
        raise TinyaeError(f"{path}: cannot be written: {reason}") from reason


def _figures_of(result: Result) -> Figures:
    """The figures of the model's kind."""
    kinds: list[tuple[type, Callable[[Result], Figures]]] = [
        (VAE, _vae_figures),
        (Autoencoder, _autoencoder_figures),
        (StackedAutoencoder, _stacked_figures),
    ]
    return next(draw(result) for kind, draw in kinds if isinstance(result.model, kind))


def _vae_figures(result: Result) -> Figures:
    from tinyae.views import plots

    model: Any = result.model
    x, labels = result.examples
    means, _ = model.encode(x)
    two = model.latent_dim == 2
    figures: Figures = {"latent-means": plots.latent_means(means, labels)} if two else {}
    if result.data == "gaussian-groups":
        rebuilt = model(x).reconstruction
        figures["pca-scores"] = plots.pca_scores(x, rebuilt, labels)
        figures["pca-identity"] = plots.pca_identity(x, rebuilt, labels)
        return figures
    figures["reconstructions"] = plots.reconstructions(
        x[:SHOWN], model.reconstruct(x[:SHOWN]), labels[:SHOWN]
    )
    figures["samples"] = plots.samples(model.sample(16))
    if two:
        decoded = model.decode(plots.grid_points(EXTENT, GRID))
        figures["latent-grid"] = plots.latent_grid(decoded, EXTENT)
    else:
        figures["latent-lines"] = plots.latent_lines(means[:250])
    if result.snapshots:
        titles = [f"epoch {s.epoch}, batch {s.batch}" for s in result.snapshots]
        sheets = [snapshot.samples for snapshot in result.snapshots]
        figures["samples-through-training"] = plots.samples_through_training(sheets, titles)
    return figures


def _autoencoder_figures(result: Result) -> Figures:
    from tinyae.views import plots

    model: Any = result.model
    x, labels = result.examples
    rebuilt, codes = model(x[:SHOWN]), model.encode(x)
    figures: Figures = {}
    figures["reconstructions"] = plots.reconstructions(x[:SHOWN], rebuilt, labels[:SHOWN])
    if codes.shape[1] == 2:
        figures["codes"] = plots.latent_means(codes, labels)
    return figures


def _stacked_figures(result: Result) -> Figures:
    from tinyae.views import plots

    model: Any = result.model
    x = result.examples[0][:SHOWN]
    rebuilt = model.decode(model.encode(x), squash=True)
    figures: Figures = {"reconstructions": plots.reconstructions(x, rebuilt)}
    for layer in range(len(model)):
        figures[f"features-{layer + 1}"] = plots.features(model.features(layer))
    return figures
