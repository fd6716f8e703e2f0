"""Autoencoders stacked: learnt greedily one by one, then fine-tuned as one network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from tinyae.arguments import checked
from tinyae.backend import Array, array_module, backend_name
from tinyae.errors import TinyaeError, check_choice
from tinyae.layers.activations import ReLU, Sigmoid, Tanh
from tinyae.layers.base import Layer
from tinyae.layers.linear import Linear
from tinyae.layers.module import Module
from tinyae.layers.sequential import Sequential
from tinyae.losses import CrossEntropyLoss, MSELoss
from tinyae.models.autoencoder import Autoencoder
from tinyae.optimizers import SGD, Optimizer
from tinyae.training import History, descend

__all__ = ["StackedAutoencoder"]

ACTIVATIONS: dict[str, type[Layer]] = {"tanh": Tanh, "relu": ReLU, "sigmoid": Sigmoid}


class StackedAutoencoder(Module):
    """A deep network whose hidden layers are learnt one at a time, each as an autoencoder.

    For sizes (784, 196, 49) there are two autoencoders, 784 → 196 → 784 and 196 → 49 → 196,
    each Linear–activation–Linear. ``pretrain`` trains the first to copy the data, the second
    to copy the codes of the first, and so on. The encoders, one after the other, are then a
    network whose weights have seen the data but no label. ``fit_classifier`` puts a linear
    classifier on its frozen codes; ``fine_tune`` trains the classifier and all encoders
    together. An autoencoder *shares* its first layer with the network; its second layer, the
    decoder, is used for pictures only.

    Parameters
    ----------
    sizes : sequence of int
        Lengths of the input and of each code, two at least.
    activation : "tanh", "relu" or "sigmoid"
        Of every code.
    codes : "after" or "before"
        Which codes the next autoencoder learns to copy: those after the activation, which are
        what the stacked network will feed it, or those before, as document 001 does.

    Attributes
    ----------
    encoder : Sequential
        Linear, activation, Linear, activation, …
    decoders : Sequential
        The second layer of each autoencoder, in the order of the encoders.
    classifier : Linear or None
        Made by ``fit_classifier`` or ``fine_tune``.

    Raises
    ------
    TinyaeError
        For fewer than two sizes, and for an activation or kind of codes that is not known.

    References
    ----------
    Bengio, Lamblin, Popovici and Larochelle, "Greedy layer-wise training of deep networks",
    2007. Vincent et al., "Stacked denoising autoencoders", 2010.
    """

    classifier: Linear | None = None

    def __init__(
        self, sizes: Sequence[int], activation: str = "tanh", codes: str = "after"
    ) -> None:
        super().__init__()
        if len(sizes) < 2 or min(sizes) < 1:
            raise TinyaeError(
                f"StackedAutoencoder: expected at least two positive sizes, got {list(sizes)}"
            )
        check_choice("StackedAutoencoder", "activation", activation, ACTIVATIONS)
        check_choice("StackedAutoencoder", "codes", codes, ("after", "before"))
        self.sizes, self.codes = tuple(sizes), codes
        encoder: list[Layer] = []
        decoders: list[Layer] = []
        for wide, narrow in pairwise(sizes):
            encoder += [Linear(wide, narrow), ACTIVATIONS[activation]()]
            decoders += [Linear(narrow, wide)]
        self.encoder = Sequential(*encoder)
        self.decoders = Sequential(*decoders)

    def __len__(self) -> int:
        """How many autoencoders there are."""
        return len(self.decoders)

    @checked
    def autoencoder(self, layer: int) -> Autoencoder:
        """The autoencoder of one layer, from 0; it shares its weights with the network."""
        self._check_layer(layer)
        return Autoencoder(self.encoder[2 * layer : 2 * layer + 2], self.decoders[layer])

    @property
    def network(self) -> Sequential:
        """The encoders and the classifier as one network, sharing their weights."""
        if self.classifier is None:
            raise TinyaeError(
                "StackedAutoencoder: there is no classifier yet; call fit_classifier(x, y) "
                "or fine_tune(x, y) first"
            )
        return Sequential(*self.encoder, self.classifier)

    def encode(self, x: Array) -> Array:
        """The last code of x (N, sizes[0]): shape (N, sizes[-1])."""
        return self.encoder(x)

    @checked
    def decode(self, code: Array, squash: bool = False) -> Array:
        """From the last code back through all decoders: shape (N, sizes[0]).

        Parameters
        ----------
        code : array, (N, sizes[-1])
        squash : bool
            Whether to apply the activation once at the end, as document 001 does to get back
            into the range of its data.
        """
        for decoder in reversed(self.decoders.layers):
            code = decoder(code)
        return self.encoder[1].forward(code) if squash else code

    @checked
    def features(self, layer: int) -> Array:
        """What each unit of a layer stands for, as a picture in the space of the input.

        A one-hot code, with a 1 for the unit, goes back through the decoders with all biases
        left out: the picture of the unit is what it *adds* to the output. By linearity these
        are the columns of W₁ W₂ … of the decoders' weights.

        Parameters
        ----------
        layer : int
            From 0, the first hidden layer.

        Returns
        -------
        array, (units of the layer, sizes[0])
        """
        self._check_layer(layer)
        pictures = self.decoders[layer].weight.value.T
        for below in reversed(self.decoders.layers[:layer]):
            pictures = pictures @ below.weight.value.T
        return pictures.copy()

    @checked
    def pretrain(
        self,
        x: Array,
        steps: int | None = None,
        batch_size: int = 1,
        lr: float = 0.1,
        noise: float = 0.0,
        optimizer: Callable[..., Optimizer] = SGD,
        progress: bool = True,
    ) -> list[History]:
        """Train the autoencoders one after the other to copy their input, by squared error.

        Parameters
        ----------
        x : array, (N, sizes[0])
        steps : int, optional
            Steps for each autoencoder; as many as make up N samples when left out.
        batch_size : int
            Samples a step, drawn with replacement.
        lr : float
            Learning rate.
        noise : float
            Standard deviation of what is added to the input, but not to what the autoencoder
            is to give back: with it, the autoencoders learn to remove noise.
        optimizer : callable
            Makes an optimizer from parameters and ``lr``: ``ta.SGD`` or ``ta.Adam``.
        progress : bool
            Whether to show progress on standard error.

        Returns
        -------
        list of History
            The mean squared error of each autoencoder.
        """
        histories = []
        for layer in range(len(self)):
            model = self.autoencoder(layer)
            title = f"autoencoder {layer + 1}/{len(self)}"
            history = descend(
                model, MSELoss(), optimizer(model.parameters(), lr=lr), x,
                steps=steps, batch_size=batch_size, noise=noise, title=title, progress=progress,
            )  # fmt: skip
            histories.append(history)
            x = self.encoder[2 * layer](x) if self.codes == "before" else model.encode(x)
        return histories

    @checked
    def fit_classifier(
        self,
        x: Array,
        y: Array,
        steps: int | None = None,
        batch_size: int = 1,
        lr: float = 1e-3,
        optimizer: Callable[..., Optimizer] = SGD,
        progress: bool = True,
    ) -> History:
        """Train a linear classifier on the codes of x, with the encoders left as they are.

        Parameters
        ----------
        x : array, (N, sizes[0])
        y : array of int, (N,)
            Labels from 0.
        steps, batch_size, lr, optimizer, progress
            As for ``pretrain``.

        Returns
        -------
        History
            The cross-entropy.
        """
        classifier = self._prepare_classifier(x, y)
        title, step_rule = "classifier on frozen codes", optimizer(classifier.parameters(), lr=lr)
        return descend(
            classifier, CrossEntropyLoss(), step_rule, self.encode(x), y,
            steps=steps, batch_size=batch_size, title=title, progress=progress,
        )  # fmt: skip

    @checked
    def fine_tune(
        self,
        x: Array,
        y: Array,
        steps: int | None = None,
        batch_size: int = 1,
        lr: float = 1e-3,
        encoder_lr: float | None = None,
        noise: float = 0.0,
        optimizer: Callable[..., Optimizer] = SGD,
        progress: bool = True,
    ) -> History:
        """Train the encoders and the classifier together, by the labels.

        Parameters
        ----------
        x : array, (N, sizes[0])
        y : array of int, (N,)
            Labels from 0.
        encoder_lr : float, optional
            Learning rate of the pretrained encoders where it should differ from the
            classifier's ``lr``: smaller to spare what they have learnt, 0 to freeze them.
        noise : float
            Standard deviation of what is added to x.
        steps, batch_size, lr, optimizer, progress
            As for ``pretrain``.

        Returns
        -------
        History
            The cross-entropy.
        """
        classifier = self._prepare_classifier(x, y)
        groups = [
            {"params": self.encoder.parameters(), "lr": lr if encoder_lr is None else encoder_lr},
            {"params": classifier.parameters()},
        ]
        title, step_rule = "fine-tuning", optimizer(groups, lr=lr)
        return descend(
            self.network, CrossEntropyLoss(), step_rule, x, y,
            steps=steps, batch_size=batch_size, noise=noise, title=title, progress=progress,
        )  # fmt: skip

    def predict(self, x: Array) -> Array:
        """The most likely label of each row of x: shape (N,)."""
        return self.network(x).argmax(axis=1)

    @checked
    def score(self, x: Array, y: Array) -> float:
        """The share of right predictions, from 0 to 1."""
        _check_labels(x, y)
        return float((self.predict(x) == y).mean())

    def _prepare_classifier(self, x: Array, y: Array) -> Linear:
        """The classifier, made for the labels of y the first time."""
        _check_labels(x, y)
        if self.classifier is None:
            weight = self.encoder[0].weight.value
            classifier = Linear(self.sizes[-1], int(y.max()) + 1).astype(weight.dtype.name)
            self.classifier = classifier.to(backend_name(weight))
        return self.classifier

    def _check_layer(self, layer: int) -> None:
        if not 0 <= layer < len(self):
            raise TinyaeError(
                f"StackedAutoencoder: expected a layer in 0 … {len(self) - 1}, got {layer}"
            )


def _check_labels(x: Array, y: Array) -> None:
    array_module(x, y)
    if y.dtype.kind not in "iu" or y.shape != x.shape[:1] or not y.size or y.min() < 0:
        values = f" from {y.min()} to {y.max()}" if y.size else ""
        raise TinyaeError(
            f"StackedAutoencoder: expected integer labels {x.shape[:1]} from 0, "
            f"got {y.dtype} {y.shape}{values}"
        )
