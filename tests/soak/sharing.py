"""One of several processes that train from one cache: ``python -m tests.soak.sharing FOLDER``."""

from __future__ import annotations

import hashlib
import sys

import tinyae as ta


def main(folder: str) -> None:
    """Load the digits, train on them, and print a checksum of the weights."""
    images, _ = ta.data.load("digits", "test", root=folder)
    x = ta.data.scale(images).reshape(len(images), -1)[:500]
    ta.seed(0)
    model = ta.recipes.networks.mlp_vae(latent_dim=2)
    batches = ta.data.DataLoader(x, batch_size=50, shuffle=True)
    ta.fit(model, batches, 2, ta.Adam(model.parameters()), progress=False)
    weights = b"".join(value.tobytes() for value in model.state_dict().values())
    print(hashlib.sha256(weights).hexdigest())


if __name__ == "__main__":
    main(sys.argv[1])
