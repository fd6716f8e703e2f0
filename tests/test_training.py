"""``fit`` is the plain loop, and refuses what cannot work."""

from types import SimpleNamespace

import numpy as np
import pytest

import tinyae as ta
from tests.training_cases import constant, fit, labels, network, points, same, small_vae
from tinyae.backend import fixed_seed


def test_fit_is_the_plain_loop():
    x, y, fitted, by_hand = points(), labels(), network(out=3), network(out=3)
    ta.seed(5)
    data = ta.data.DataLoader(x, y, batch_size=4, shuffle=True)
    history = fit(fitted, data, 3, ta.CrossEntropyLoss())

    ta.seed(5)
    loss, optimizer = ta.CrossEntropyLoss(), ta.SGD(by_hand.parameters(), lr=0.05)
    expected = []
    for _ in range(3):
        total = 0
        for batch_x, batch_y in ta.data.DataLoader(x, y, batch_size=4, shuffle=True):
            by_hand.zero_grad()
            total += float(loss(by_hand(batch_x), batch_y)) * len(batch_x)
            by_hand.backward(loss.backward())
            optimizer.step()
        expected.append(total / len(x))
    assert same(fitted, by_hand)
    assert not same(fitted, network(out=3))
    assert history == {"loss": pytest.approx(expected, rel=1e-12)}


def test_fit_is_the_plain_loop_for_a_model_with_its_own_loss():
    x, fitted, by_hand = points(), small_vae(), small_vae()
    with fixed_seed(5):
        history = fit(fitted, ta.data.DataLoader(x, batch_size=4), 3)
    optimizer, sums = ta.SGD(by_hand.parameters(), lr=0.05), []
    with fixed_seed(5):
        for _ in range(3):
            for start in (0, 4, 8):
                optimizer.zero_grad()
                sums.append(by_hand.loss(x[start : start + 4]))
                by_hand.backward()
                optimizer.step()
    assert same(fitted, by_hand)
    for name, part in (("loss", "total"), ("reconstruction", "reconstruction"), ("prior", "prior")):
        batches = np.array([float(getattr(loss, part)) for loss in sums])
        assert history[name] == pytest.approx(batches.reshape(3, 3).sum(axis=1).tolist())
    assert list(history) == ["loss", "reconstruction", "prior"]


def test_gradients_that_lie_around_are_cleared_first():
    clean, littered, x = network(), network(), [points()]
    for parameter in littered.parameters():
        parameter.grad[...] = 100
    for model in (clean, littered):
        fit(model, x, loss=ta.MSELoss())
    assert same(clean, littered)


def test_an_autoencoder_is_compared_with_its_input():
    x, model = points(), ta.Linear(4, 4)
    by_hand = float(((model(x) - x) ** 2).mean())
    assert fit(model, [x], 1, ta.MSELoss())["loss"] == [pytest.approx(by_hand)]


def test_an_autoencoder_of_images_may_be_flat_at_its_end():
    images = np.random.default_rng(0).random((5, 1, 2, 2), dtype="float32")
    model = ta.Sequential(ta.Flatten(), ta.Linear(4, 4))
    by_hand = float(((model(images) - images.reshape(5, 4)) ** 2).mean())
    assert fit(model, [images], 1, ta.MSELoss())["loss"] == [pytest.approx(by_hand)]


@pytest.mark.parametrize("kind", [tuple, list])
def test_a_batch_may_be_a_pair(kind):
    x, y, model = points(), labels(), network(out=3)
    twin = network(out=3)
    fit(model, [kind((x, y))], loss=ta.CrossEntropyLoss())
    fit(twin, ta.data.DataLoader(x, y, batch_size=10), loss=ta.CrossEntropyLoss())
    assert same(model, twin)


@pytest.mark.parametrize("kind", [tuple, list])
def test_data_may_be_a_list_of_arrays(kind):
    x, model, twin = points(), network(), network()
    history = fit(model, kind((x[:5], x[5:])), loss=ta.MSELoss())
    assert history == fit(twin, ta.data.DataLoader(x, batch_size=5), loss=ta.MSELoss())
    assert same(model, twin)


def test_the_model_is_trained_in_training_mode():
    model, modes = network().eval(), []
    fit(model, [points()], loss=ta.MSELoss(), on_batch=lambda *_: modes.append(model[1].training))
    assert modes == [True, True]
    assert model[1].num_batches_tracked == 2


def test_batches_go_to_the_backend_of_the_model(strict):
    model, twin = network(), network()
    x, y = points(), labels()
    moved = network().to("strict")
    loss = ta.MSELoss()
    on_numpy = fit(model, [x, x], loss=loss)
    assert fit(moved, [x, strict.asarray(x)], loss=loss)["loss"] == pytest.approx(on_numpy["loss"])
    fit(ta.Linear(4, 3).to("strict"), [(x, y)], loss=ta.CrossEntropyLoss())
    fit(twin, [strict.asarray(x), x], loss=loss)
    assert same(twin, model)


@pytest.mark.parametrize("build", [network, small_vae])
def test_the_same_seed_gives_the_same_bits(build):
    runs = []
    for seed in (3, 3, 4):
        ta.seed(seed)
        model = build(seed=seed)
        loss = None if build is small_vae else ta.MSELoss()
        history = fit(model, ta.data.DataLoader(points(), batch_size=4, shuffle=True), loss=loss)
        runs.append((history, model))
    (first, one), (second, other), (third, _) = runs
    assert first == second
    assert same(one, other)
    assert first != third


def test_nothing_is_done_to_the_data():
    x, y = points(), labels()
    x.setflags(write=False)
    y.setflags(write=False)
    data = ta.data.DataLoader(x, y, batch_size=4)  # batches in order are views of x and y
    fit(network(out=3), data, loss=ta.CrossEntropyLoss())
    fit(small_vae(), ta.data.DataLoader(x, batch_size=4))
    ta.evaluate(network(out=3), data, ta.CrossEntropyLoss())


def test_float64_stays_float64():
    model = network().astype("float64")
    fit(model, [points(dtype="float64")], loss=ta.MSELoss())
    assert {parameter.value.dtype for parameter in model.parameters()} == {np.dtype("float64")}


def test_a_layer_needs_a_loss():
    words = r"expected a loss for Linear, .* fit\(model, data, epochs, optimizer, loss="
    with pytest.raises(ta.TinyaeError, match=words):
        fit(ta.Linear(4, 4), [points()])


@pytest.mark.parametrize("epochs", [0, -1])
def test_fewer_than_one_epoch(epochs):
    with pytest.raises(ta.TinyaeError, match=f"fit: expected at least one epoch, got {epochs}"):
        fit(network(), [points()], epochs, ta.MSELoss())


def test_no_batch():
    with pytest.raises(ta.TinyaeError, match="fit: expected at least one batch, got 0"):
        fit(network(), [], loss=ta.MSELoss())
    with pytest.raises(ta.TinyaeError, match="evaluate: expected at least one batch, got none"):
        ta.evaluate(network(), [], ta.MSELoss())


def test_a_report_every_zero_batches():
    with pytest.raises(ta.TinyaeError, match="fit: expected at least one batch a report, got 0"):
        fit(network(), [points()], loss=ta.MSELoss(), report_every=0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_loss_that_is_not_finite_stops_training_at_its_batch(bad):
    model, optimizer = constant("sum")
    steps = []
    optimizer.step = lambda: steps.append(1)
    batches = [np.ones(2), np.array([1.0]), np.array([bad])]
    numbers, place = f"got loss {bad:g}, half {bad:g}", r"\(loss, in epoch 1, batch 3\)"
    words = f"fit: expected a finite loss, {numbers} {place}; usual causes are the log of 0"
    with pytest.raises(ta.TinyaeError, match=words):
        ta.fit(model, batches, 2, optimizer, progress=False)
    assert len(steps) == 2  # no step was made with it


def test_a_finite_total_is_enough():
    """Only the total decides: a part with weight 0 may be anything."""
    model, optimizer = constant("sum")
    model.loss = lambda x: SimpleNamespace(total=1.0, prior=np.inf)
    history = ta.fit(model, [np.ones(1)], 1, optimizer, progress=False)
    assert history == {"loss": [1], "prior": [np.inf]}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_learning_rate_that_is_too_high_ends_in_an_error():
    with pytest.raises(ta.TinyaeError, match=r"in epoch \d+, batch 1"):
        fit(ta.Linear(4, 4), [points()], 2000, ta.MSELoss(), lr=10)


def test_a_batch_that_is_refused_is_named():
    words = (
        r"Linear\(4, 6\): expected input \(N, 4\), got \(5, 3\) "
        r"\(forward of layer 0, in epoch 1, batch 2\)"
    )
    with pytest.raises(ta.TinyaeError, match=words):
        fit(network(), [points(), np.ones((5, 3), "float32")], loss=ta.MSELoss())


def test_a_model_that_does_not_give_back_its_input_is_told_so():
    words = r"MSELoss: expected a target of the prediction's shape \(10, 3\), got \(10, 4\)"
    with pytest.raises(ta.TinyaeError, match=words):
        fit(network(out=3), [points()], loss=ta.MSELoss())
