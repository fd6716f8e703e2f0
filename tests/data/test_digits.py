"""The embedded digits: reproducible, whole, varied, and as hard to learn as they should be."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tinyae.data import digits
from tinyae.data.digits import draw_digits, make_digits
from tinyae.data.strokes import DOTS, SKELETONS, skeletons
from tinyae.errors import TinyaeError

EVERY_SKELETON = [(digit, name) for digit, ways in SKELETONS.items() for name in ways]


@pytest.fixture(scope="module")
def made():
    """Both splits, and the seconds that making them took."""
    start = time.perf_counter()
    splits = {"train": make_digits("train"), "test": make_digits("test")}
    return splits, time.perf_counter() - start


@pytest.fixture(scope="module")
def pixels(made):
    """Train images, train labels, test images, test labels; images as float rows in 0 to 1."""
    splits, _ = made
    rows = {split: images.reshape(len(images), -1) / 255 for split, (images, _) in splits.items()}
    return rows["train"], splits["train"][1], rows["test"], splits["test"][1]


def _distinct(images):
    return {image.tobytes() for image in images}


@pytest.mark.parametrize(("split", "count"), [("train", 12_000), ("test", 2_000)])
def test_shapes_and_balance(made, split, count):
    images, labels = made[0][split]
    assert images.shape == (count, 28, 28)
    assert images.dtype == np.uint8
    assert labels.shape == (count,)
    assert labels.dtype == np.uint8
    assert np.bincount(labels).tolist() == [count // 10] * 10


def test_labels_are_shuffled(made):
    for _, labels in made[0].values():
        successive = np.mean(labels[1:] == (labels[:-1] + 1) % 10)
        equal = np.mean(labels[1:] == labels[:-1])
        assert 0.07 < successive < 0.13
        assert 0.07 < equal < 0.13


def test_made_in_time(made):
    assert made[1] < 15


def test_same_seed_same_bytes_other_seed_other_bytes(made):
    images, labels = made[0]["test"]
    again, labels_again = make_digits("test", seed=0)
    np.testing.assert_array_equal(again, images)
    np.testing.assert_array_equal(labels_again, labels)
    other, other_labels = make_digits("test", seed=1)
    assert not np.array_equal(other_labels, labels)
    assert not _distinct(other) & _distinct(images)


def test_no_image_comes_twice(made):
    train, test = made[0]["train"][0], made[0]["test"][0]
    assert len(_distinct(train) | _distinct(test)) == len(train) + len(test)


def test_splits_have_streams_of_their_own(monkeypatch):
    monkeypatch.setattr(digits, "SIZES", {"train": 20, "test": 20})
    assert not _distinct(make_digits("train")[0]) & _distinct(make_digits("test")[0])


def test_whole_and_in_the_middle(made):
    """Nothing is clipped, empty or faint; each centre of mass lies near the image's centre."""
    images = made[0]["train"][0].astype(float)
    border = np.ones((28, 28), bool)
    border[1:-1, 1:-1] = False
    assert images[:, border].max() == 0
    assert images.max(axis=(1, 2)).min() > 200
    place = np.arange(28) - 13.5
    mass = images.sum(axis=(1, 2))
    for axis in (1, 2):
        centre = images.sum(axis=axis) @ place / mass
        assert np.percentile(np.abs(centre), 99) < 2
        assert np.abs(centre).max() < 4
        assert abs(centre.mean()) < 0.2
    inked = images > 60
    longer_side = np.maximum(inked.any(2).sum(1), inked.any(1).sum(1))
    assert longer_side.min() >= 16
    assert longer_side.max() <= 24


def test_looks_like_mnist_in_numbers(made):
    """MNIST's training images have mean 0.131, 81% paper and 8% full ink."""
    images = made[0]["train"][0]
    assert 0.11 < images.mean() / 255 < 0.15
    assert 0.77 < np.mean(images == 0) < 0.85
    assert 0.06 < np.mean(images > 240) < 0.11


def test_one_class_is_written_in_many_ways(pixels):
    """Within each class a pixel varies at least half as much as over all classes together."""
    x, labels, _, _ = pixels
    overall = x.var(axis=0).sum()
    for digit in range(10):
        share = x[labels == digit].var(axis=0).sum() / overall
        assert share > (0.4 if digit == 1 else 0.5), f"{digit} varies by only {share:.2f}"


def test_a_linear_classifier_finds_it_hard(pixels):
    """Least squares on the labels errs on 20% of MNIST (12,000 images); softmax on about 8%.

    On these digits a softmax classifier errs on about 6%, least squares on about 16%.
    """
    x, labels, x_test, labels_test = pixels
    x, x_test = (np.hstack([a, np.ones((len(a), 1))]) for a in (x, x_test))
    weight = np.linalg.solve(x.T @ x + 10 * np.eye(785), x.T @ np.eye(10)[labels])
    error = np.mean((x_test @ weight).argmax(axis=1) != labels_test)
    assert 0.12 < error < 0.21


def test_a_nonlinear_classifier_finds_it_easy(pixels):
    """The nearest training image has the right label: classes are apart, samples legible."""
    x, labels, x_test, labels_test = pixels
    distance = (x**2).sum(axis=1) - 2 * x_test @ x.T
    error = np.mean(labels[distance.argmin(axis=1)] != labels_test)
    assert 0.003 < error < 0.025


def test_draw_digits_draws_what_it_is_asked_for(pixels):
    x, labels, _, _ = pixels
    means = np.stack([x[labels == digit].mean(axis=0) for digit in range(10)])
    for digit in range(10):
        asked = np.full(300, digit)
        drawn = draw_digits(asked, np.random.default_rng(5))
        likeness = drawn.mean(axis=0).ravel() / 255
        assert np.square(means - likeness).sum(axis=1).argmin() == digit


def test_draw_digits_of_nothing():
    assert draw_digits(np.array([], int), np.random.default_rng(0)).shape == (0, 28, 28)


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        ([3, 10], r"draw_digits: expected labels 0 to 9, got 3 to 10"),
        ([-1, 2], r"draw_digits: expected labels 0 to 9, got -1 to 2"),
        ([1.0, 2.0], r"draw_digits: expected integer labels \(N,\), got float64 \(2,\)"),
        ([[1, 2]], r"draw_digits: expected integer labels \(N,\), got int\d+ \(1, 2\)"),
    ],
)
def test_bad_labels_are_refused(labels, complaint):
    with pytest.raises(TinyaeError, match=complaint):
        draw_digits(np.array(labels), np.random.default_rng(0))


def test_unknown_split_is_refused():
    with pytest.raises(TinyaeError, match="expected split 'train' or 'test', got 'validation'"):
        make_digits("validation")


def test_every_digit_has_several_skeletons():
    assert list(SKELETONS) == list(range(10))
    assert all(len(ways) >= 5 for ways in SKELETONS.values())
    assert skeletons().digit.tolist() == [digit for digit, _ in EVERY_SKELETON]


@pytest.mark.parametrize("s", range(len(EVERY_SKELETON)), ids=lambda s: str(EVERY_SKELETON[s]))
def test_skeleton_is_a_clean_pen_stroke(s):
    """Even steps, jumps only where the pen lifts, through every point, no swinging off the page."""
    digit, name = EVERY_SKELETON[s]
    table = skeletons()
    path = table.basis[s] @ table.points[s]
    assert path.shape == (DOTS, 2)
    assert path.min() > -0.08
    assert path.max() < 1.08
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert np.count_nonzero(steps > 2.5 * np.median(steps)) == SKELETONS[digit][name].count("/")
    own = table.points[s][table.basis[s].any(axis=0)]
    gaps = np.linalg.norm(own[:, None] - path, axis=2).min(axis=1)
    assert gaps.max() < 0.03
