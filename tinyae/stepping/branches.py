"""What a variational autoencoder has besides layers: sampling, its prior, and where ways meet."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from tinyae.backend import Array
from tinyae.models import VAE
from tinyae.models.vae import PRIORS, GaussianSampler, VAELoss
from tinyae.stepping import formulas
from tinyae.stepping.lines import Line, source_of
from tinyae.stepping.notation import Formula
from tinyae.stepping.snapshot import Snapshot

if TYPE_CHECKING:
    from tinyae.stepping.recorder import Recorder

__all__ = ["attach"]

HEADS = {"mean": "μ", "log_var": "(log σ^2)"}


def attach(recorder: Recorder, replace: Callable, path: str, vae: VAE) -> None:
    """Replace the methods of a VAE that are no layer's, and look where its branches meet.

    Parameters
    ----------
    recorder : Recorder
    replace : callable
        Takes an object, the name of its method, and what is called instead.
    path : str
        Where the VAE sits in the model.
    vae : VAE
    """
    prefix = f"{path}." if path else ""
    parts = _Branches(recorder, vae, prefix)
    replace(vae.sampler, "forward", parts.sample)
    replace(vae.sampler, "backward", parts.sample_back)
    replace(vae, "prior_term", parts.prior)
    replace(vae, "loss", parts.loss)
    for name in HEADS:
        key = (id(getattr(vae, name)), "backward")
        recorder.before[key] = partial(parts.prior_joins, name)
    recorder.before[id(vae.trunk), "backward"] = parts.heads_join


class _Branches:
    """The steps of one VAE."""

    def __init__(self, recorder: Recorder, vae: VAE, prefix: str) -> None:
        self.recorder, self.vae, self.prefix = recorder, vae, prefix
        self.places: dict[str, str] = {}
        self.shares: dict[str, Snapshot] = {}
        self.gradients: dict[str, Snapshot] = {}

    def sample(self, run: Callable, sampler: GaussianSampler, mean: Array, log_var: Array) -> Array:
        """z is drawn."""
        recorder, path = self.recorder, f"{self.prefix}z"
        inputs = {"mean": self.head("mean", mean), "log_var": self.head("log_var", log_var)}
        z, call, watch = recorder.run(sampler, "forward", run, (mean, log_var), "z")
        outputs = {"z": recorder.snap(z, recorder.new_place(path))}
        noise = {"deviation": recorder.snap(sampler.deviation, f"{path}.deviation")}
        recorder.flows[path] = {**inputs, **outputs, **noise}
        recorder.add(
            sampler, "forward", "forward", path, call, watch,
            inputs=inputs, outputs={**outputs, **noise},
        )  # fmt: skip
        return z

    def sample_back(
        self, run: Callable, sampler: GaussianSampler, dz: Array
    ) -> tuple[Array, Array]:
        """∂L/∂z is shared between μ and log σ²."""
        recorder, path = self.recorder, f"{self.prefix}z"
        flow = recorder.flows.get(path, {})
        inputs = {"dL/dz": recorder.snap(dz, flow["z"].place if flow else path)}
        names = [f"dL/d{head}" for head in HEADS]
        result = ", ".join(names)
        shares, call, watch = recorder.run(sampler, "backward", run, (dz,), result)
        self.shares = {
            head: self.gradient(head, share) for head, share in zip(HEADS, shares, strict=True)
        }
        outputs = dict(zip(names, self.shares.values(), strict=True))
        recorder.add(
            sampler, "backward", "backward", path, call, watch,
            inputs=inputs, outputs=outputs, remembered=flow,
        )  # fmt: skip
        return shares

    def prior(self, run: Callable, vae: VAE, mean: Array, log_var: Array) -> Any:
        """The prior's value and gradients."""
        recorder, path = self.recorder, f"{self.prefix}prior"
        inputs = {"mean": self.head("mean", mean), "log_var": self.head("log_var", log_var)}
        function, names = PRIORS[vae.prior], "prior, dK/dmean, dK/dlog_var"
        result, call, watch = recorder.run(vae, "prior_term", run, (mean, log_var), names, function)
        value, *gradients = result
        self.gradients = {
            head: self.gradient(head, gradient)
            for head, gradient in zip(HEADS, gradients, strict=True)
        }
        recorder.add(
            vae, "prior_term", "loss", path, call, watch,
            layer=f"term {vae.prior!r}",
            formulas=tuple(map(Formula, formulas.PRIORS[vae.prior])),
            source=source_of(function),
            inputs=inputs, outputs={"prior": recorder.snap(value, path)},
            gradients={f"dK/d{head}": g for head, g in self.gradients.items()},
            axes=dict.fromkeys([*HEADS, *(f"dK/d{head}" for head in HEADS)], "*"),
        )  # fmt: skip
        return result

    def loss(self, run: Callable, vae: VAE, x: Array) -> VAELoss:
        """The total."""
        recorder, path = self.recorder, f"{self.prefix}loss"
        parts, call, watch = recorder.run(vae, "loss", run, (x,), "loss")
        inputs = {
            "reconstruction": recorder.snap(parts.reconstruction, "reconstruction.value"),
            "beta": recorder.snap(vae.beta, f"{path}.beta"),
            "prior": recorder.snap(parts.prior, f"{self.prefix}prior"),
        }
        recorder.add(
            vae, "loss", "loss", path, call, watch,
            layer=f"= reconstruction + {vae.beta:g} · prior", inputs=inputs,
            outputs={"loss": recorder.snap(parts.total, path)},
        )  # fmt: skip
        return parts

    def prior_joins(self, head: str, gradient: Array) -> None:
        """Before the backward pass of a head: the prior's own gradient is added."""
        if head in self.shares and head in self.gradients:
            symbol, whole = HEADS[head], f"dL/d{head}"
            self.join(
                f"{self.prefix}{head}",
                "← the shares of z and of the prior add up",
                f"\\d{{{symbol}}} = (by way of z) + β · \\frac{{∂K}}{{∂{symbol}}}",
                {f"{whole} by way of z": self.shares[head], f"dK/d{head}": self.gradients[head]},
                {whole: self.gradient(head, gradient)},
                f"d_{head} = d_{head} +",
            )

    def heads_join(self, gradient: Array) -> None:
        """Before the backward pass of the trunk: its output went into both heads."""
        given = {name: (id(getattr(self.vae, name)), "backward") for name in HEADS}
        if all(key in self.recorder.given for key in given.values()):
            inputs = {f"dL/dh from {name}": self.recorder.given[key] for name, key in given.items()}
            place = next(iter(inputs.values())).place
            self.join(
                f"{self.prefix}trunk",
                "← the gradients of both heads add up",
                "\\d{h} = (from μ) + (from log σ^2)",
                inputs,
                {"dL/dh": self.recorder.snap(gradient, place)},
                "self.trunk.backward",
            )

    def join(
        self, path: str, words: str, formula: str,
        inputs: dict[str, Snapshot], outputs: dict[str, Snapshot], code: str,
    ) -> None:  # fmt: skip
        """A step that ``VAE.backward`` does itself, in the line that has ``code`` in it."""
        source = source_of(VAE.backward)
        number = source.line_with(code) if source and self.recorder.with_lines else None
        lines = () if number is None else (Line(number, number, outputs),)
        self.recorder.add(
            self.vae, "backward", "backward", path, None, None, layer=words,
            formulas=(Formula(formula),), inputs=inputs, outputs=outputs,
            axes=dict.fromkeys([*inputs, *outputs], "*"), lines=lines,
        )  # fmt: skip

    def head(self, name: str, array: Array) -> Snapshot:
        """What a head gave."""
        self.places[name] = self.recorder.place(array) or f"{self.prefix}{name}.y"
        return self.recorder.snap(array, self.places[name])

    def gradient(self, name: str, array: Array) -> Snapshot:
        """A gradient of what a head gave: it belongs to the same place."""
        return self.recorder.snap(array, self.places.get(name, f"{self.prefix}{name}.y"))
