"""A good call of everything that is public; an argument is spoilt by the name it has here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import tinyae as ta
from tests.misuse.figures import plot_calls
from tests.misuse.layers import after_forward, layer_calls
from tests.misuse.making import call, fresh, linear, ones, random
from tests.misuse.values import Good


def autoencoder() -> Any:
    return ta.Autoencoder(ta.Linear(3, 2), ta.Linear(2, 3))


def chain() -> Any:
    return ta.Sequential(linear(), ta.ReLU())


def stacked() -> Any:
    model = ta.StackedAutoencoder((3, 2))
    model.classifier = ta.Linear(2, 2)
    return model


def vae() -> Any:
    return ta.VAE(ta.Linear(3, 4), ta.Linear(4, 2), ta.Linear(4, 2), ta.Linear(2, 3))


LABELS = np.array([0, 1, 0, 1])
LEARN = {"x": random(4, 3), "steps": 2, "batch_size": 2, "lr": 0.1, "progress": False}


def model_calls() -> dict[str, Good]:
    """Models, and what a module of any kind offers."""
    calls = {
        f"{build.__name__}.{method}": after_forward(method, make, {}, (4, 3))
        for build, make in ((ta.Sequential, chain), (ta.Autoencoder, autoencoder))
        for method in ("backward", "accumulate")
    }
    return calls | {
        "Module.astype": call(linear().astype, dtype="float64"),
        "Module.to": call(linear().to, backend="numpy"),
        "Module.train": call(linear().train, mode=True),
        "Module.load_state_dict": call(linear().load_state_dict, state=linear().state_dict()),
        "Module.modules": call(lambda prefix: list(linear().modules(prefix)), prefix=""),
        "Sequential": call(lambda layers: ta.Sequential(ta.ReLU(), layers), layers=ta.ReLU()),
        "Sequential.forward": call(ta.Sequential(linear()), x=random(4, 3)),
        "Parameter": call(ta.Parameter, value=ones(2)),
        "Autoencoder": call(ta.Autoencoder, encoder=ta.Linear(3, 2), decoder=ta.Linear(2, 3)),
        "Autoencoder.forward": call(autoencoder(), x=random(4, 3)),
        "Autoencoder.encode": call(autoencoder().encode, x=random(4, 3)),
        "Autoencoder.decode": call(autoencoder().decode, code=random(4, 2)),
        "StackedAutoencoder": call(
            ta.StackedAutoencoder, sizes=(3, 2), activation="tanh", codes="after"
        ),
        "StackedAutoencoder.autoencoder": call(stacked().autoencoder, layer=0),
        "StackedAutoencoder.features": call(stacked().features, layer=0),
        "StackedAutoencoder.encode": call(stacked().encode, x=random(4, 3)),
        "StackedAutoencoder.decode": call(stacked().decode, code=random(4, 2), squash=True),
        "StackedAutoencoder.predict": call(stacked().predict, x=random(4, 3)),
        "StackedAutoencoder.score": call(stacked().score, x=random(4, 3), y=LABELS),
        "StackedAutoencoder.pretrain": fresh(stacked, "pretrain", **LEARN, noise=0.1),
        "StackedAutoencoder.fit_classifier": fresh(stacked, "fit_classifier", **LEARN, y=LABELS),
        "StackedAutoencoder.fine_tune": fresh(
            stacked, "fine_tune", **LEARN, y=LABELS, noise=0.1, encoder_lr=0.1
        ),
        "VAE": call(
            ta.VAE,
            trunk=ta.Linear(3, 4),
            mean=ta.Linear(4, 2),
            log_var=ta.Linear(4, 2),
            decoder=ta.Linear(2, 3),
            reconstruction="mse",
            prior="kl",
            beta=1.0,
        ),
        "VAE.encode": call(vae().encode, x=random(4, 3)),
        "VAE.decode": call(vae().decode, z=random(4, 2)),
        "VAE.forward": call(vae().forward, x=random(4, 3)),
        "VAE.loss": call(vae().loss, x=random(4, 3)),
        "VAE.reconstruct": call(vae().reconstruct, x=random(4, 3)),
        "VAE.sample": call(vae().sample, n=2),
        "VAE.prior_term": call(vae().prior_term, mean=random(4, 2), log_var=random(4, 2)),
    }


LOSSES = {
    "MSELoss": (random(4, 3), random(4, 3)),
    "BCELoss": (random(4, 3), random(4, 3)),
    "BCEWithLogitsLoss": (random(4, 3), random(4, 3)),
    "CrossEntropyLoss": (random(4, 3), LABELS),
    "NLLLoss": (-random(4, 3), LABELS),
}


def training_calls() -> dict[str, Good]:
    """Losses, optimizers, training and checking."""
    calls: dict[str, Good] = {}
    for name, (prediction, target) in LOSSES.items():
        loss = getattr(ta, name)
        calls[name] = call(loss, reduction="mean")
        calls[f"{name}.forward"] = call(loss().forward, prediction=prediction, target=target)
    weights = linear().parameters()
    batches = ta.data.DataLoader(random(4, 3), batch_size=2)
    calls |= {
        "SGD": call(ta.SGD, parameters=weights, lr=0.1, momentum=0.9, weight_decay=0.1),
        "Adam": call(ta.Adam, parameters=weights, lr=0.1, betas=(0.9, 0.99), eps=1e-8),
        "fit": lambda: (ta.fit, fit_arguments()),
        "evaluate": call(
            ta.evaluate, model=autoencoder(), data=batches, loss=ta.MSELoss()
        ),
        "gaussian_kl": call(ta.gaussian_kl, mean=random(4, 3), log_var=random(4, 3)),
        "gradcheck": call(
            ta.gradcheck, layer=linear(), x=random(4, 3), seed=0, dy=ones(4, 2), intermediates=True
        ),
        "gradcheck of a loss": call(
            ta.gradcheck, layer=ta.MSELoss(), x=random(4, 3), target=ones(4, 3), seed=0
        ),
        "gradcheck of a model": call(ta.gradcheck, layer=vae(), x=random(4, 3), seed=0),
        "check_taylor": call(ta.check_taylor, layer=linear(), x=random(4, 3), seed=0),
        "check_reduction": call(ta.check_reduction, model=vae(), x=random(4, 3), seed=0),
        "check_adjoint": call(ta.check_adjoint, forward=linear(), x_shape=(4, 3), seed=0),
        "check_adjoint of functions": call(
            ta.check_adjoint,
            forward=lambda x: 2 * x, backward=lambda y: 2 * y, x_shape=(4, 3), seed=0,
        ),
        "check_kl": call(ta.check_kl, function=ta.gaussian_kl, seed=0),
        "check_sampling": call(ta.check_sampling, sampler=vae(), seed=0),
        "check_step": call(
            ta.check_step, make=lambda p: ta.SGD(p, 0.1), like=lambda p: ta.SGD(p, 0.1), seed=0
        ),
        "History.record": call(ta.History().record, values={"loss": 1.0}),
    }  # fmt: skip
    return calls


def fit_arguments() -> dict[str, Any]:
    model = autoencoder()
    return {
        "model": model,
        "data": ta.data.DataLoader(random(4, 3), batch_size=2),
        "epochs": 1,
        "optimizer": ta.SGD(model.parameters(), 0.1),
        "loss": ta.MSELoss(),
        "report_every": 1,
        "on_batch": None,
        "on_epoch": None,
        "checkpoint": None,
        "every": None,
        "resume": False,
        "title": "training",
        "progress": False,
    }


def data_calls() -> dict[str, Good]:
    """Data, the backend and settings of the process."""
    batches = ta.data.RandomBatches(random(4, 3), batch_size=2, steps=2)
    return {
        "data.load": call(ta.data.load, name="digits", split="test"),
        "data.fetch": call(ta.data.fetch, name="mnist", mirrors=["http://127.0.0.1:9/"]),
        "data.scale": call(ta.data.scale, images=ones(2, 2), divisor=2.0, offset=1.0),
        "data.select_classes": call(
            ta.data.select_classes, images=random(4, 3), labels=LABELS, classes=(1, 0)
        ),
        "data.gaussian_groups": call(
            ta.data.gaussian_groups,
            n=8, dimensions=3, latent_dim=2, sigma=0.1, groups=2, seed=1,
        ),
        "data.DataLoader": call(
            ta.data.DataLoader,
            x=random(4, 3), y=LABELS, batch_size=2, shuffle=True, drop_last=True, generator=None,
        ),
        "data.RandomBatches": call(
            ta.data.RandomBatches,
            x=random(4, 3), y=LABELS, batch_size=2, steps=2, generator=None,
        ),
        "data.NoisyBatches": call(ta.data.NoisyBatches, batches=batches, noise=0.1),
        "array_module": call(lambda arrays: ta.array_module(ones(1), arrays), arrays=ones(1)),
        "to_numpy": call(ta.to_numpy, array=ones(2)),
        "seed": call(ta.seed, n=0),
        "set_num_threads": call(ta.set_num_threads, n=1),
        "use": call(ta.use, name="numpy"),
        "recipes.get": call(ta.recipes.get, name="conv-vae"),
        "recipes.Recipe.run": call(
            ta.recipes.get("gaussian-vae").run, settings=ta.recipes.Settings(**settings())
        ),
        "recipes.Settings": call(run_with, **settings()),
    }  # fmt: skip


def settings() -> dict[str, Any]:
    return {"data": "gaussian-groups", "split": "train", "limit": 8, "epochs": 1,
            "latent_dim": 2, "seed": 0, "backend": "numpy", "progress": False}  # fmt: skip


def run_with(**arguments: Any) -> Any:
    return ta.recipes.get("gaussian-vae").run(ta.recipes.Settings(**arguments))


def file_calls(folder: Path) -> dict[str, Good]:
    """What reads and writes files."""
    ta.save(linear(), folder / "model.npz")
    ta.data.write_idx(folder / "array", ones(2, dtype="uint8"))
    x = random(12, 3)
    return {
        "save": call(ta.save, model=linear(), path=folder / "saved.npz"),
        "load": call(ta.load, path=folder / "model.npz"),
        "Checkpoints": call(
            ta.Checkpoints, path=folder / "run.npz", every=1, resume=False, about={"lesson": 1}
        ),
        "Checkpoints.path_of": call(ta.Checkpoints(folder / "run.npz").path_of, number=2),
        "fit with checkpoints": lambda: (
            ta.fit,
            fit_arguments()
            | {
                "checkpoint": folder / "fit.npz",
                "every": 1,
                "on_batch": lambda *_: None,
                "on_epoch": lambda *_: None,
            },
        ),
        "data.read_idx": call(ta.data.read_idx, path=folder / "array"),
        "data.write_idx": call(
            ta.data.write_idx, path=folder / "written", array=ones(2, dtype="uint8")
        ),
        "summary": call(ta.summary, model=linear(), input_shape=(3,)),
        "plot_model": call(
            ta.plot_model, model=linear(), path=folder / "net.svg", input_shape=(3,)
        ),
        "trace": call(_traced, model=linear(), lines=False),
        "explore": call(
            ta.explore, model=vae(), x=x, labels=np.arange(12) % 3, path=folder / "map.html"
        ),
    }


def _traced(**arguments: Any) -> None:
    with ta.trace(**arguments):
        pass


def every_call(folder: Path) -> dict[str, Good]:
    """The whole table by name."""
    groups = layer_calls(), model_calls(), training_calls(), data_calls(), plot_calls()
    table = {name: good for group in groups for name, good in group.items()}
    return table | file_calls(folder)
