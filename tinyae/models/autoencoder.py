"""The autoencoder: a network that copies its input through a narrow place."""

from __future__ import annotations

from tinyae.backend import Array
from tinyae.layers.base import Layer

__all__ = ["Autoencoder"]


class Autoencoder(Layer):
    """x̂ = decoder(encoder(x)).

    Parameters
    ----------
    encoder, decoder : Layer
        Two networks of their own, usable and trainable apart.

    Notes
    -----
    Shapes: x as the encoder takes it, x̂ as the decoder gives it. Backward is the chain rule:
    the decoder's backward pass turns ∂L/∂x̂ into the gradient of the code, the encoder's turns
    that into ∂L/∂x.

    References
    ----------
    Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", 2006.
    """

    def __init__(self, encoder: Layer, decoder: Layer) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def encode(self, x: Array) -> Array:
        """The code of x."""
        return self.encoder(x)

    def decode(self, code: Array) -> Array:
        """The reconstruction from a code."""
        return self.decoder(code)

    def forward(self, x: Array) -> Array:
        return self.decoder.forward(self.encoder.forward(x))

    def backward(self, dy: Array) -> Array:
        return self.encoder.backward(self.decoder.backward(dy))

    def accumulate(self, dy: Array) -> None:
        self.encoder.accumulate(self.decoder.backward(dy))
