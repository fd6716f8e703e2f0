"""``fit``, ``descend`` and ``evaluate``: the loop is the plain one, its reports are right."""

from types import SimpleNamespace

import numpy as np
import pytest

import tinyae as ta
from tinyae import training
from tinyae.backend import fixed_seed
from tinyae.training import REPORTS, descend


def points(n=10, dtype="float32"):
    return np.random.default_rng(0).normal(size=(n, 4)).astype(dtype)


def labels(n=10):
    return np.random.default_rng(1).integers(3, size=n)


def network(*, out=4, seed=0):
    ta.seed(seed)
    return ta.Sequential(ta.Linear(4, 6), ta.BatchNorm1d(6), ta.Tanh(), ta.Linear(6, out))


def small_vae(seed=0):
    ta.seed(seed)
    return ta.VAE(ta.Linear(4, 3), ta.Linear(3, 2), ta.Linear(3, 2), ta.Linear(2, 4))


def fit(model, data, epochs=2, loss=None, lr=0.05, **settings):
    settings = {"progress": False, **settings}
    return ta.fit(model, data, epochs, ta.SGD(model.parameters(), lr=lr), loss, **settings)


def same(one, other):
    """Whether two models have equal weights and buffers, to the bit."""
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


# the loop


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


# the reports


def constant(reduction):
    """A model that does not change and whose loss is the mean or the sum of its batch."""
    parameter = ta.Parameter(np.zeros(1))
    model = SimpleNamespace(
        reduction=reduction,
        parameters=lambda: [parameter],
        train=lambda: None,
        loss=lambda x: SimpleNamespace(total=getattr(x, reduction)(), half=x.sum() / 2),
        backward=lambda: None,
    )
    return model, ta.SGD([parameter], lr=0.0)


def report(reduction, batches, epochs=1, **settings):
    model, optimizer = constant(reduction)
    return ta.fit(model, batches, epochs, optimizer, progress=False, **settings)


BATCHES = [np.array([1.0, 2.0, 3.0]), np.array([5.0, 5.0, 8.0]), np.array([10.0])]


def test_losses_that_sum_over_samples_are_summed_over_batches():
    assert report("sum", BATCHES, epochs=2) == {"loss": [34, 34], "half": [17, 17]}


def test_losses_that_average_are_averaged_over_samples_with_the_short_batch_weighing_less():
    assert report("mean", BATCHES)["loss"] == [pytest.approx(34 / 7)]


def test_the_history_ends_an_entry_every_so_many_batches_and_at_the_end_of_an_epoch():
    assert report("sum", BATCHES, 2, report_every=1)["loss"] == [6, 18, 10] * 2
    assert report("sum", BATCHES, 2, report_every=2)["loss"] == [24, 10] * 2
    assert report("mean", BATCHES, 2, report_every=2)["loss"] == [24 / 6, 10] * 2
    assert report("sum", BATCHES, 2, report_every=99)["loss"] == [34] * 2


def test_on_batch_is_told_the_place_and_the_losses_of_the_batch():
    calls = []
    report("sum", BATCHES, 2, on_batch=lambda *call: calls.append(call))
    expected = [(6, 3), (18, 9), (10, 5)]
    assert calls == [
        (epoch, batch, {"loss": expected[batch][0], "half": expected[batch][1]})
        for epoch in (0, 1)
        for batch in (0, 1, 2)
    ]


def test_on_batch_comes_after_the_step():
    model, seen = ta.Linear(4, 4), []
    kept = model.weight.value.copy()
    look = lambda *_: seen.append(model.weight.value.copy())  # noqa: E731
    fit(model, [points()], 1, ta.MSELoss(), on_batch=look)
    assert not np.array_equal(seen[0], kept)
    np.testing.assert_array_equal(seen[0], model.weight.value)


def test_on_epoch_is_told_the_history_so_far():
    calls = []
    report("sum", BATCHES, 3, on_epoch=lambda epoch, h: calls.append((epoch, list(h["loss"]))))
    assert calls == [(0, [34]), (1, [34, 34]), (2, [34, 34, 34])]


def test_reports_are_plain_numbers():
    values = fit(small_vae(), [points()])
    assert {type(value) for entries in values.values() for value in entries} == {float}


# random samples


@pytest.mark.parametrize(
    ("steps", "entries"), [(1, 1), (7, 7), (20, 20), (25, 13), (39, 20), (41, 14), (1000, 20)]
)
def test_descend_reports_at_most_so_often(steps, entries):
    model, optimizer = constant("sum")
    x = np.arange(10.0)
    history = descend(model, None, optimizer, x, steps=steps, progress=False)
    assert len(history["loss"]) == entries <= REPORTS


def test_descend_draws_with_replacement_and_as_many_steps_as_samples():
    drawn = []
    model, optimizer = constant("sum")
    model.loss = lambda x: SimpleNamespace(total=drawn.append(x.copy()) or x.sum())
    x = np.arange(50.0)
    descend(model, None, optimizer, x, progress=False)
    assert {batch.shape for batch in drawn} == {(1,)}
    assert len(drawn) == 50
    assert 20 < len(set(np.concatenate(drawn))) < 45  # in expectation 1 − 1/e of them
    drawn.clear()
    descend(model, None, optimizer, x, steps=3, batch_size=4, progress=False)
    assert [batch.shape for batch in drawn] == [(4,)] * 3


def test_descend_keeps_samples_and_labels_together():
    x = np.repeat(labels(60)[:, None], 4, axis=1).astype("float32") - 1
    model = ta.Sequential(ta.Linear(4, 8), ta.Tanh(), ta.Linear(8, 3))
    optimizer = ta.SGD(model.parameters(), lr=0.2)
    descend(model, ta.CrossEntropyLoss(), optimizer, x, labels(60), steps=600, progress=False)
    assert (model(x).argmax(axis=1) == labels(60)).all()


def test_descend_adds_noise_to_the_input_alone():
    inputs, targets = [], []
    model, optimizer = constant("sum")
    model.loss = lambda x, y: SimpleNamespace(
        total=inputs.append(x.copy()) or targets.append(y.copy()) or 0.0
    )
    x = np.arange(5.0)[:, None]
    descend(model, None, optimizer, x, steps=400, noise=0.1, progress=False)
    inputs, targets = np.concatenate(inputs), np.concatenate(targets)
    assert set(targets.ravel()) == set(x.ravel())
    assert (inputs - targets).std() == pytest.approx(0.1, rel=0.15)


# evaluation


def test_evaluate_sums_or_averages_as_fit_does():
    x, y, model = points(), labels(), ta.Linear(4, 3)
    data = ta.data.DataLoader(x, y, batch_size=4)
    for reduction in ("sum", "mean"):
        loss = ta.CrossEntropyLoss(reduction=reduction)
        whole = float(loss(model(x), y))
        assert ta.evaluate(model, data, loss) == {"loss": pytest.approx(whole, rel=1e-6)}


def test_evaluate_reports_the_parts_of_a_vae():
    values = ta.evaluate(small_vae(), [points()])
    assert values["loss"] == pytest.approx(values["reconstruction"] + values["prior"])


def test_evaluate_changes_nothing():
    model = network()
    model[2].eval()  # a layer that its owner has set apart
    for parameter in model.parameters():
        parameter.grad[...] = 3
    before = model.state_dict()
    ta.evaluate(model, [points()], ta.MSELoss())
    after = model.state_dict()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert all((parameter.grad == 3).all() for parameter in model.parameters())
    assert [layer.training for layer in model] == [True, True, False, True]
    assert model.training
    model.eval()
    ta.evaluate(model, [points()], ta.MSELoss())
    assert not any(module.training for _, module in model.modules())


def test_evaluate_looks_in_evaluation_mode():
    model = ta.Sequential(ta.Dropout(0.5))
    assert ta.evaluate(model, [points()], ta.MSELoss()) == {"loss": 0}


def test_evaluate_gives_the_modes_back_when_it_fails():
    model = network()
    with pytest.raises(ta.TinyaeError):
        ta.evaluate(model, [points()[:, :3]], ta.MSELoss())
    assert all(module.training for _, module in model.modules())


# refusals


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
    words = f"fit: expected a finite loss, got loss {bad:g}, half {bad:g} in epoch 1, batch 3"
    with pytest.raises(ta.TinyaeError, match=f"{words}; usual causes are a learning rate"):
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
    words = r"Linear\(4, 6\): expected input \(N, 4\), got \(5, 3\) \(in epoch 1, batch 2\)"
    with pytest.raises(ta.TinyaeError, match=words):
        fit(network(), [points(), np.ones((5, 3), "float32")], loss=ta.MSELoss())


def test_a_model_that_does_not_give_back_its_input_is_told_so():
    words = r"MSELoss: expected a target of the prediction's shape \(10, 3\), got \(10, 4\)"
    with pytest.raises(ta.TinyaeError, match=words):
        fit(network(out=3), [points()], loss=ta.MSELoss())


# the history


def test_history_is_a_dict_of_lists():
    history = training.History()
    history.record({"loss": 2.0, "prior": 1.0})
    history.record({"loss": 1.0})
    assert history == {"loss": [2.0, 1.0], "prior": [1.0]}
    assert list(history) == ["loss", "prior"]
