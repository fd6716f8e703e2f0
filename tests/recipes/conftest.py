"""Small stand-ins for the data sets of the recipes."""

import pytest

from tests import fake_images


@pytest.fixture(scope="session")
def image_root(tmp_path_factory):
    return fake_images.write(tmp_path_factory.mktemp("data"), "mnist", "kmnist")


@pytest.fixture
def images(image_root, monkeypatch):
    """``mnist`` and ``kmnist`` are 300 easy images."""
    monkeypatch.setenv("TINYAE_DATA", str(image_root))
    return image_root
