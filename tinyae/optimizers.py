"""Optimizers: how a gradient becomes a step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tinyae.arguments import checked
from tinyae.backend import array_module
from tinyae.errors import TinyaeError
from tinyae.layers.module import Parameter
from tinyae.threads import Block, share

__all__ = ["SGD", "Adam", "Optimizer"]

ParameterGroups = Iterable[Parameter] | Iterable[Mapping[str, Any]]


class Optimizer:
    """Parameters in groups, each with its own settings.

    Parameters
    ----------
    parameters : list of Parameter, or list of dict
        A dict is a group: ``{"params": [...], "lr": 0.01}``. What it leaves out it takes from
        the optimizer's own arguments.
    defaults : dict
        Those arguments.

    Attributes
    ----------
    param_groups : list of dict
        May be changed between steps: ``optimizer.param_groups[0]["lr"] = 0.01``.
    """

    def __init__(self, parameters: ParameterGroups, defaults: dict[str, Any]) -> None:
        name = type(self).__name__
        try:
            given = list[Any](parameters)
        except TypeError as reason:
            raise TinyaeError(f"{name}: expected a list of parameters, got {reason}") from None
        if not given:
            raise TinyaeError(f"{name}: expected at least one parameter, got none")
        if all(isinstance(item, Parameter) for item in given):
            given = [{"params": given}]
        if not all(isinstance(item, Mapping) and "params" in item for item in given):
            raise TinyaeError(f"{name}: expected a list of Parameters, or of dicts with 'params'")
        self.param_groups: list[dict[str, Any]] = []
        for group in given:
            unknown = group.keys() - defaults.keys() - {"params"}
            if unknown:
                raise TinyaeError(f"{name}: unknown settings {sorted(unknown)} in a group")
            members = group["params"]
            members = [members] if isinstance(members, Parameter) else list(members)
            self.param_groups.append({**defaults, **group, "params": members})
        self._check_parameters()
        for group in self.param_groups:
            self.check_settings(group)
        self.state: dict[int, dict[str, Any]] = {}

    def _check_parameters(self) -> None:
        name = type(self).__name__
        everything = [parameter for group in self.param_groups for parameter in group["params"]]
        for item in everything:
            if not isinstance(item, Parameter):
                raise TinyaeError(
                    f"{name}: expected 'params' to be a list of Parameters, got "
                    f"{type(item).__name__} in it"
                )
        if len({id(parameter) for parameter in everything}) < len(everything):
            raise TinyaeError(f"{name}: a parameter is given twice")

    def check_settings(self, group: Mapping[str, Any]) -> None:
        """Refuse settings that cannot work; a subclass adds its own."""
        for key in ("lr", "momentum", "weight_decay", "eps"):
            if not group.get(key, 0) >= 0:
                raise TinyaeError(f"{type(self).__name__}: expected {key} ≥ 0, got {group[key]}")

    def zero_grad(self) -> None:
        """Clear the gradients of all parameters."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.zero_grad()

    def step(self) -> None:
        """Change every parameter by one step, in place."""
        for group in self.param_groups:
            for parameter in group["params"]:
                self.update(parameter, group, self.state.setdefault(id(parameter), {}))

    def update(self, parameter: Parameter, group: dict[str, Any], state: dict[str, Any]) -> None:
        """One step of one parameter; ``state`` is what the optimizer remembers of it."""
        raise NotImplementedError


class SGD(Optimizer):
    """θ ← θ − lr · v with v = momentum · v + g and g = ∂L/∂θ + weight_decay · θ.

    Parameters
    ----------
    parameters : list of Parameter, or list of dict
    lr : float
        Learning rate, ≥ 0.
    momentum : float
        ≥ 0; with 0, v is g.
    weight_decay : float
        ≥ 0; the gradient of ½ · weight_decay · ‖θ‖², added to the loss.

    References
    ----------
    Robbins and Monro, "A stochastic approximation method", 1951. Sutskever, Martens, Dahl and
    Hinton, "On the importance of initialization and momentum in deep learning", 2013; like
    PyTorch, the learning rate multiplies v here, not g.
    """

    @checked
    def __init__(
        self,
        parameters: ParameterGroups,
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    def update(self, parameter: Parameter, group: dict[str, Any], state: dict[str, Any]) -> None:
        step = parameter.grad
        if group["weight_decay"]:
            step = step + group["weight_decay"] * parameter.value
        if group["momentum"]:
            if "velocity" in state:
                state["velocity"] *= group["momentum"]
                state["velocity"] += step
            else:
                state["velocity"] = step.copy()
            step = state["velocity"]
        parameter.value -= group["lr"] * step


class Adam(Optimizer):
    """θ ← θ − lr · m̂ / (√v̂ + ε), a step of about lr whatever the gradient's size.

    With g = ∂L/∂θ at step t: m = β₁ m + (1 − β₁) g and v = β₂ v + (1 − β₂) g² are moving
    averages of the gradient and of its square. Both start at 0 and are too small at first;
    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) correct that. With c = 1 − β₂ᵗ the code moves θ by
    (lr √c / (1 − β₁ᵗ)) · m / (√v + ε √c), the same step without dividing all of v by c.

    Parameters
    ----------
    parameters : list of Parameter, or list of dict
    lr : float
        Learning rate, ≥ 0.
    betas : (float, float)
        β₁ and β₂, in [0, 1).
    eps : float
        ε, ≥ 0.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", 2015.
    """

    @checked
    def __init__(
        self,
        parameters: ParameterGroups,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "betas": betas, "eps": eps})

    def check_settings(self, group: Mapping[str, Any]) -> None:
        super().check_settings(group)
        if not all(0 <= beta < 1 for beta in group["betas"]):
            raise TinyaeError(f"Adam: expected betas in [0, 1), got {group['betas']}")

    def update(self, parameter: Parameter, group: dict[str, Any], state: dict[str, Any]) -> None:
        xp = array_module(parameter.value)
        if not state:
            state.update(t=0, m=xp.zeros_like(parameter.value), v=xp.zeros_like(parameter.value))
        beta1, beta2 = group["betas"]
        arrays = parameter.value, parameter.grad, state["m"], state["v"]
        state["t"] += 1
        m_correction, v_correction = 1 - beta1 ** state["t"], 1 - beta2 ** state["t"]
        lr, eps = group["lr"] * v_correction**0.5 / m_correction, group["eps"] * v_correction**0.5

        def move(blocks: Iterator[Block]) -> None:
            for block in blocks:
                value, g, m, v = (array[block] for array in arrays)
                m *= beta1
                m += (1 - beta1) * g
                v *= beta2
                v += (1 - beta2) * g * g
                step = xp.sqrt(v)
                step += eps
                xp.divide(m, step, out=step)
                step *= lr
                value -= step

        share(move, parameter.value, 2 * parameter.value.nbytes)
