"""Models: autoencoders plain, stacked and variational."""

from tinyae.models.autoencoder import Autoencoder
from tinyae.models.stacked import StackedAutoencoder
from tinyae.models.vae import VAE

__all__ = ["VAE", "Autoencoder", "StackedAutoencoder"]
