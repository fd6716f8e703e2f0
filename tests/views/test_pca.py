"""Principal components against what they are defined by."""

import numpy as np
import pytest

from tinyae.errors import TinyaeError
from tinyae.views.pca import principal_components


@pytest.fixture
def points():
    generator = np.random.default_rng(0)
    spread = np.array([5.0, 2.0, 1.0, 0.1])
    rotation = np.linalg.qr(generator.standard_normal((4, 4)))[0]
    return generator.standard_normal((300, 4)) * spread @ rotation + [1, -2, 3, 40]


def test_the_scores_are_uncorrelated_and_their_variances_fall(points):
    found = principal_components(points)
    covariance = np.cov(found.encode(points), rowvar=False)
    np.testing.assert_allclose(covariance, np.diag(found.variances), atol=1e-9)
    assert (np.diff(found.variances) < 0).all()
    np.testing.assert_allclose(found.shares, found.variances / points.var(axis=0, ddof=1).sum())
    np.testing.assert_allclose(found.components @ found.components.T, np.eye(4), atol=1e-12)


def test_all_components_together_lose_nothing(points):
    for scaled in (False, True):
        found = principal_components(points, scaled=scaled)
        np.testing.assert_allclose(found.decode(found.encode(points)), points, atol=1e-9)


def test_the_first_two_lose_the_variance_of_the_others(points):
    found = principal_components(points, 2)
    lost = ((found.decode(found.encode(points)) - points) ** 2).sum() / (len(points) - 1)
    assert found.components.shape == (2, 4)
    assert lost == pytest.approx(principal_components(points).variances[2:].sum())


def test_scaled_components_do_not_depend_on_the_units(points):
    metres, millimetres = points, points * [1, 1000, 1, 1]
    first, second = (principal_components(x, scaled=True) for x in (metres, millimetres))
    np.testing.assert_allclose(first.components, second.components, atol=1e-9)
    assert first.variances.sum() == pytest.approx(4)  # a variance of 1 for each column


def test_signs_are_settled(points):
    components = principal_components(points).components
    np.testing.assert_allclose(components, principal_components(points[::-1]).components)
    assert (components[np.arange(4), np.abs(components).argmax(axis=1)] > 0).all()


def test_fewer_points_than_columns():
    x = np.random.default_rng(1).standard_normal((3, 10))
    found = principal_components(x, 2)  # three points lie in a plane
    np.testing.assert_allclose(found.decode(found.encode(x)), x, atol=1e-9)


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (np.ones(3), {}, r"expected \(N, D\), got \(3,\)"),
        (np.ones((1, 3)), {}, "at least 2 points, got 1"),
        (np.full((4, 3), np.nan), {}, "finite"),
        (np.eye(4), {"n": 5}, "n from 1 to 4, got 5"),
        (np.eye(4), {"n": 0}, "n from 1 to 4, got 0"),
        (np.c_[np.arange(4), np.full(4, 0.1)], {"scaled": True}, "column 1 constant"),
    ],
)
def test_what_it_refuses(x, options, message):
    with pytest.raises(TinyaeError, match=message):
        principal_components(x, **options)


def test_points_of_another_size_are_refused(points):
    found = principal_components(points, 2)
    with pytest.raises(TinyaeError, match=r"expected \(N, 4\), got \(5, 3\)"):
        found.encode(np.ones((5, 3)))
    with pytest.raises(TinyaeError, match=r"expected \(N, 2\), got \(5, 4\)"):
        found.decode(np.ones((5, 4)))
