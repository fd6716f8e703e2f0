"""Files of models: structure and weights in one ``.npz`` that cannot run code."""

from tinyae.files.models import load, save

__all__ = ["load", "save"]
