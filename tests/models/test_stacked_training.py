"""The stacked autoencoder learns: layer by layer, then its classifier, then as a whole."""

import numpy as np
import pytest

import tinyae as ta
from tests.models.stacked_cases import QUICK, SIZES, changed, data, snapshot
from tinyae.models import stacked


@pytest.fixture
def watch(monkeypatch):
    """From now on, what each call of ``descend`` is given, and the weights before and after."""
    descend = stacked.descend

    def start(model):
        calls = []

        def watched(trained, loss, optimizer, x, y=None, **settings):
            call = {"x": x.copy(), "loss": type(loss), "before": snapshot(model)}
            history = descend(trained, loss, optimizer, x, y, **settings)
            calls.append({**call, "after": snapshot(model)})
            return history

        monkeypatch.setattr(stacked, "descend", watched)
        return calls

    return start


@pytest.mark.parametrize("codes", ["before", "after"])
def test_pretraining_is_greedy_and_hands_over_the_codes(watch, codes):
    x, _ = data()
    model = ta.StackedAutoencoder(SIZES, codes=codes)
    calls = watch(model)
    histories = model.pretrain(x, **QUICK)
    assert len(calls) == len(histories) == 3
    expected = x
    for layer, call in enumerate(calls):
        assert call["loss"] is ta.MSELoss
        assert changed(call["before"], call["after"]) == {
            *(f"encoder.{2 * layer}.{name}" for name in ("weight", "bias")),
            *(f"decoders.{layer}.{name}" for name in ("weight", "bias")),
        }
        np.testing.assert_allclose(call["x"], expected, rtol=1e-5, atol=1e-6)
        weight = call["after"][f"encoder.{2 * layer}.weight"]
        expected = expected @ weight.T + call["after"][f"encoder.{2 * layer}.bias"]
        if codes == "after":
            expected = np.tanh(expected)


def test_pretraining_teaches_every_autoencoder():
    x, _ = data(200)
    model = ta.StackedAutoencoder(SIZES)
    for history in model.pretrain(x, steps=2000, lr=0.1, progress=False):
        assert np.mean(history["loss"][-3:]) < 0.5 * history["loss"][0]
        assert len(history["loss"]) == 20


def test_pretraining_with_noise_still_copies_the_clean_input(monkeypatch):
    given, wanted = [], []

    class WatchedLoss(ta.MSELoss):
        def __call__(self, prediction, target):
            wanted.append(target.tobytes())
            return super().__call__(prediction, target)

    class WatchedModel(ta.Autoencoder):
        def forward(self, x):
            given.append(x.tobytes())
            return super().forward(x)

    monkeypatch.setattr(stacked, "MSELoss", WatchedLoss)
    monkeypatch.setattr(stacked, "Autoencoder", WatchedModel)
    x, _ = data()
    ta.StackedAutoencoder(SIZES[:2]).pretrain(x, steps=5, noise=0.5, progress=False)
    rows = {row.tobytes() for row in x}
    assert rows.issuperset(wanted)
    assert rows.isdisjoint(given)
    assert len(given) == len(wanted) == 5


def test_the_classifier_leaves_the_encoders_as_they_are(watch):
    x, y = data()
    model = ta.StackedAutoencoder(SIZES)
    calls = watch(model)
    model.fit_classifier(x, y, **QUICK)
    moved = changed(calls[0]["before"], calls[0]["after"])
    assert moved == {"classifier.weight", "classifier.bias"}
    np.testing.assert_allclose(calls[0]["x"], model.encode(x))
    assert calls[0]["loss"] is ta.CrossEntropyLoss
    assert model.classifier.weight.shape == (4, 3)


def test_fine_tuning_goes_on_with_the_classifier_and_moves_the_encoders(watch):
    x, y = data()
    model = ta.StackedAutoencoder(SIZES)
    model.fit_classifier(x, y, **QUICK)
    classifier, calls = model.classifier, watch(model)
    model.fine_tune(x, y, **QUICK)
    assert model.classifier is classifier
    encoders = {f"encoder.{k}.{name}" for k in (0, 2, 4) for name in ("weight", "bias")}
    moved = changed(calls[0]["before"], calls[0]["after"])
    assert moved == {*encoders, "classifier.weight", "classifier.bias"}


def distance_moved(encoder_lr, optimizer):
    ta.seed(0)
    x, y = data()
    model = ta.StackedAutoencoder(SIZES)
    before = [parameter.value.copy() for parameter in model.encoder.parameters()]
    model.fine_tune(x, y, lr=0.1, encoder_lr=encoder_lr, optimizer=optimizer, **QUICK)
    after = model.encoder.parameters()
    return sum(float(abs(p.value - b).sum()) for p, b in zip(after, before, strict=True))


@pytest.mark.parametrize("optimizer", [ta.SGD, ta.Adam])
def test_a_smaller_rate_spares_the_encoders_and_zero_freezes_them(optimizer):
    assert distance_moved(0, optimizer) == 0
    assert 0 < distance_moved(1e-4, optimizer) < 0.1 * distance_moved(0.1, optimizer)
    assert distance_moved(None, optimizer) == distance_moved(0.1, optimizer)


def test_it_learns():
    """The classes of the test data are told apart; a network without training cannot."""
    x, y = data(400)
    test_x, test_y = data(400, seed=1)
    model = ta.StackedAutoencoder(SIZES)
    model.fit_classifier(x, y, steps=1, progress=False)
    assert model.score(test_x, test_y) < 0.6
    model.pretrain(x, steps=1500, lr=0.1, progress=False)
    model.fit_classifier(x, y, steps=1500, lr=0.1, progress=False)
    frozen = model.score(test_x, test_y)
    history = model.fine_tune(x, y, steps=1500, lr=0.1, progress=False)
    assert frozen > 0.85
    assert model.score(test_x, test_y) > 0.97
    assert history["loss"][-1] < history["loss"][0]


def test_the_same_seed_gives_the_same_weights():
    x, y = data()
    states = []
    for _ in range(2):
        ta.seed(4)
        model = ta.StackedAutoencoder(SIZES)
        model.pretrain(x, **QUICK)
        model.fine_tune(x, y, **QUICK)
        states.append(model.state_dict())
    assert not changed(*states)


def test_nothing_is_done_to_the_data():
    x, y = data()
    x.setflags(write=False)
    y.setflags(write=False)
    model = ta.StackedAutoencoder(SIZES)
    model.pretrain(x, **QUICK)
    model.fit_classifier(x, y, **QUICK)
    model.fine_tune(x, y, **QUICK)
    model.decode(model.encode(x), squash=True)


@pytest.mark.parametrize("labels", ["uint8", "int32", "int64"])
def test_labels_of_any_integer_type(labels):
    x, y = data()
    model = ta.StackedAutoencoder(SIZES)
    model.fit_classifier(x, y.astype(labels), **QUICK)
    assert model.classifier.weight.shape == (4, 3)
    assert 0 <= model.score(x, y.astype(labels)) <= 1


def test_the_classifier_has_the_type_of_the_encoders():
    x, y = data()
    model = ta.StackedAutoencoder(SIZES).astype("float64")
    model.fit_classifier(x.astype("float64"), y, **QUICK)
    assert model.classifier.weight.value.dtype == np.float64


def test_the_classifier_is_made_where_the_encoders_are(strict):
    x, y = data()
    model = ta.StackedAutoencoder(SIZES).to("strict")
    model.fine_tune(strict.asarray(x), strict.asarray(y), **QUICK)
    assert ta.array_module(model.classifier.weight.value) is strict


@pytest.mark.parametrize("method", ["fit_classifier", "fine_tune"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda y: y.astype(float), r"integer labels \(80,\) from 0, got float64 \(80,\)"),
        (lambda y: y - 1, r"from 0, got int64 \(80,\) from -1 to 2"),
        (lambda y: y[:, None], r"got int64 \(80, 1\)"),
        (lambda y: y[:-1], r"got int64 \(79,\)"),
        (lambda y: y[:0], r"got int64 \(0,\)"),
        (lambda y: y.tolist(), "expected y to be an array, got "),
    ],
)
def test_labels_that_are_refused_leave_no_classifier(method, change, words):
    x, y = data()
    model = ta.StackedAutoencoder(SIZES)
    with pytest.raises(ta.TinyaeError, match=words):
        getattr(model, method)(x, change(y), **QUICK)
    assert model.classifier is None


def test_labels_that_the_classifier_does_not_know():
    x, y = data()
    model = ta.StackedAutoencoder(SIZES)
    model.fit_classifier(x, y, **QUICK)
    with pytest.raises(ta.TinyaeError, match="expected labels in 0 … 3, got labels from 5 to 5"):
        model.fine_tune(x, np.full(len(x), 5), **QUICK)


def test_input_that_does_not_fit_is_refused_by_the_first_layer():
    model = ta.StackedAutoencoder(SIZES)
    with pytest.raises(ta.TinyaeError, match=r"Linear\(12, 8\): expected input \(N, 12\)"):
        model.pretrain(np.ones((4, 11), "float32"), **QUICK)


def test_a_number_of_steps_below_one_is_refused():
    x, _ = data()
    with pytest.raises(ta.TinyaeError, match="steps to be an integer of at least 1, got 0"):
        ta.StackedAutoencoder(SIZES).pretrain(x, steps=0, progress=False)
