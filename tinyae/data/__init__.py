"""Data: named data sets, IDX files, batches, and small transformations."""

from tinyae.data.datasets import NAMES, load
from tinyae.data.download import fetch
from tinyae.data.gaussian import gaussian_groups
from tinyae.data.idx import read_idx, write_idx
from tinyae.data.loader import DataLoader, NoisyBatches, RandomBatches
from tinyae.data.transforms import scale, select_classes

__all__ = [
    "NAMES",
    "DataLoader",
    "NoisyBatches",
    "RandomBatches",
    "fetch",
    "gaussian_groups",
    "load",
    "read_idx",
    "scale",
    "select_classes",
    "write_idx",
]
