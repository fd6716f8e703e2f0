"""What training reports: histories, calls back, losses of random samples and of evaluation."""

from types import SimpleNamespace

import numpy as np
import pytest

import tinyae as ta
from tests.training_cases import constant, fit, labels, network, points, small_vae
from tinyae.training import REPORTS, History, descend


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


def test_history_is_a_dict_of_lists():
    history = History()
    history.record({"loss": 2.0, "prior": 1.0})
    history.record({"loss": 1.0})
    assert history == {"loss": [2.0, 1.0], "prior": [1.0]}
    assert list(history) == ["loss", "prior"]


def test_a_notebook_shows_a_history_as_a_table():
    history = ta.History({"loss": [3.0, 1.0, 1234.5], "<b>": []})
    html = history._repr_html_()
    row = "<tr><th>loss</th><td>3</td><td>3</td><td>1,234.5</td><td>1</td></tr>"
    assert row in html
    assert "<th>&lt;b&gt;</th><td>0</td></tr>" in html
