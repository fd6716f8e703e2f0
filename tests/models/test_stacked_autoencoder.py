"""The stacked autoencoder: greedy pretraining, shared weights, pictures, classifier."""

import numpy as np
import pytest

import tinyae as ta
from tinyae.models import stacked

SIZES = (12, 8, 5, 3)


def data(n=80, seed=0):
    """Four classes, each a corner in a plane bent into twelve dimensions; noise between them."""
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=n)
    corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) + 0.25 * rng.normal(size=(n, 1, 2))
    plane = np.random.default_rng(99).normal(size=(2, SIZES[0]))
    x = np.tanh(corners[np.arange(n), y] @ plane) + 0.05 * rng.normal(size=(n, SIZES[0]))
    return x.astype("float32"), y


def snapshot(model):
    return {name: value.copy() for name, value in model.state_dict().items()}


def changed(before, after):
    return {name for name in before if not np.array_equal(before[name], after[name])}


QUICK = {"steps": 30, "batch_size": 10, "progress": False}


def test_an_autoencoder_shares_its_weights_with_the_network():
    x, y = data()
    model = ta.StackedAutoencoder(SIZES)
    model.fit_classifier(x, y, **QUICK)
    for layer in range(3):
        part = model.autoencoder(layer)
        assert part.encoder[0] is model.encoder[2 * layer]
        assert part.encoder[0] is model.network[2 * layer]
        assert part.encoder[1] is model.encoder[2 * layer + 1]
        assert part.decoder is model.decoders[layer]
        assert part(np.ones((2, SIZES[layer]), "float32")).shape == (2, SIZES[layer])
    assert model.network[-1] is model.classifier
    assert len(model) == 3
    assert len(model.network) == 7


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


@pytest.mark.parametrize("layer", range(3))
def test_features_decode_one_hot_codes_without_the_biases(layer):
    model = ta.StackedAutoencoder(SIZES).astype("float64")
    pictures = model.features(layer)
    assert pictures.shape == (SIZES[layer + 1], SIZES[0])
    for unit in range(SIZES[layer + 1]):
        code = np.zeros((1, SIZES[layer + 1]))
        code[0, unit] = 1
        for below in range(layer, -1, -1):
            code = model.decoders[below](code) - model.decoders[below].bias.value
        np.testing.assert_allclose(pictures[unit], code[0], rtol=1e-12)


@pytest.mark.parametrize("layer", range(3))
def test_features_are_copies(layer):
    model = ta.StackedAutoencoder(SIZES)
    before = snapshot(model)
    model.features(layer)[...] = 7
    assert not changed(before, model.state_dict())


def test_encode_is_the_chain_of_the_encoders():
    x, _ = data(5)
    for activation, function in (
        ("tanh", np.tanh),
        ("relu", lambda a: np.maximum(a, 0)),
        ("sigmoid", lambda a: 1 / (1 + np.exp(-a))),
    ):
        model = ta.StackedAutoencoder(SIZES, activation=activation)
        code, state = x, model.state_dict()
        for k in (0, 2, 4):
            code = function(code @ state[f"encoder.{k}.weight"].T + state[f"encoder.{k}.bias"])
        np.testing.assert_allclose(model.encode(x), code, rtol=1e-5, atol=1e-6)


def test_decode_is_the_chain_of_the_decoders_with_one_activation_at_the_end_if_asked_for():
    code = np.random.default_rng(0).normal(size=(4, SIZES[-1])).astype("float32")
    model = ta.StackedAutoencoder(SIZES)
    state, chain = model.state_dict(), code
    for k in (2, 1, 0):
        chain = chain @ state[f"decoders.{k}.weight"].T + state[f"decoders.{k}.bias"]
    np.testing.assert_allclose(model.decode(code), chain, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.decode(code, squash=True), np.tanh(chain), atol=1e-6)


def test_the_size_of_document_001():
    model = ta.StackedAutoencoder((784, 196, 49, 25, 9))
    assert model.encoder.count_parameters() == 164_997
    assert [len(model.features(layer)) for layer in range(4)] == [196, 49, 25, 9]


def test_state_dict_is_keyed_by_encoder_decoders_and_classifier():
    x, y = data()
    model = ta.StackedAutoencoder(SIZES[:2])
    encoders = ["encoder.0.weight", "encoder.0.bias", "decoders.0.weight", "decoders.0.bias"]
    assert list(model.state_dict()) == encoders
    model.fit_classifier(x, y, **QUICK)
    assert list(model.state_dict()) == [*encoders, "classifier.weight", "classifier.bias"]


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


def test_predict_is_the_largest_score_and_score_the_share_of_hits():
    x, y = data()
    model = ta.StackedAutoencoder(SIZES)
    model.fit_classifier(x, y, **QUICK)
    weight, bias = model.classifier.weight.value, model.classifier.bias.value
    by_hand = (model.encode(x) @ weight.T + bias).argmax(axis=1)
    np.testing.assert_array_equal(model.predict(x), by_hand)
    assert model.score(x, y) == pytest.approx(sum(by_hand == y) / len(y))
    assert model.score(x, by_hand) == 1


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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sizes": (784,)}, r"at least two positive sizes, got \[784\]"),
        ({"sizes": ()}, r"at least two positive sizes, got \[\]"),
        ({"sizes": (784, 0)}, r"at least two positive sizes, got \[784, 0\]"),
        ({"activation": "gelu"}, r"expected activation in .*'tanh', 'relu', 'sigmoid'.* 'gelu'"),
        ({"codes": "both"}, r"expected codes in .*'after', 'before'.* got 'both'"),
    ],
)
def test_settings_that_are_refused(arguments, words):
    with pytest.raises(ta.TinyaeError, match=f"^StackedAutoencoder: .*{words}"):
        ta.StackedAutoencoder(**{"sizes": SIZES, **arguments})


@pytest.mark.parametrize("method", ["autoencoder", "features"])
@pytest.mark.parametrize("layer", [-1, 3])
def test_layers_that_are_not_there(method, layer):
    model = ta.StackedAutoencoder(SIZES)
    with pytest.raises(ta.TinyaeError, match=f"expected a layer in 0 … 2, got {layer}"):
        getattr(model, method)(layer)


def test_no_classifier_yet():
    x, y = data()
    model = ta.StackedAutoencoder(SIZES)
    for call in (lambda: model.predict(x), lambda: model.score(x, y), lambda: model.network):
        with pytest.raises(ta.TinyaeError, match="no classifier yet; call fit_classifier"):
            call()


@pytest.mark.parametrize("method", ["fit_classifier", "fine_tune"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda y: y.astype(float), r"integer labels \(80,\) from 0, got float64 \(80,\)"),
        (lambda y: y - 1, r"from 0, got int64 \(80,\) from -1 to 2"),
        (lambda y: y[:, None], r"got int64 \(80, 1\)"),
        (lambda y: y[:-1], r"got int64 \(79,\)"),
        (lambda y: y[:0], r"got int64 \(0,\)"),
        (lambda y: y.tolist(), "expected a NumPy or CuPy array, got list"),
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


def test_a_score_of_labels_that_do_not_fit_is_refused():
    """(N, 1) against (N,) would compare every prediction with every label."""
    x, y = data()
    model = ta.StackedAutoencoder(SIZES)
    model.fit_classifier(x, y, **QUICK)
    with pytest.raises(ta.TinyaeError, match=r"integer labels \(80,\) from 0, got int64 \(80, 1\)"):
        model.score(x, y[:, None])


def test_input_that_does_not_fit_is_refused_by_the_first_layer():
    model = ta.StackedAutoencoder(SIZES)
    with pytest.raises(ta.TinyaeError, match=r"Linear\(12, 8\): expected input \(N, 12\)"):
        model.pretrain(np.ones((4, 11), "float32"), **QUICK)


def test_a_number_of_steps_below_one_is_refused():
    x, _ = data()
    with pytest.raises(ta.TinyaeError, match="steps to be an integer of at least 1, got 0"):
        ta.StackedAutoencoder(SIZES).pretrain(x, steps=0, progress=False)
