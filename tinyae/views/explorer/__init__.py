"""The latent explorer: a page in which a coded space is a map to move about in."""

from tinyae.views.explorer.explore import explore

__all__ = ["explore"]
