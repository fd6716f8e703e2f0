"""The stacked autoencoder: shared weights, codes, pictures, scores."""

import numpy as np
import pytest

import tinyae as ta
from tests.models.stacked_cases import QUICK, SIZES, changed, data, snapshot


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


def test_predict_is_the_largest_score_and_score_the_share_of_hits():
    x, y = data()
    model = ta.StackedAutoencoder(SIZES)
    model.fit_classifier(x, y, **QUICK)
    weight, bias = model.classifier.weight.value, model.classifier.bias.value
    by_hand = (model.encode(x) @ weight.T + bias).argmax(axis=1)
    np.testing.assert_array_equal(model.predict(x), by_hand)
    assert model.score(x, y) == pytest.approx(sum(by_hand == y) / len(y))
    assert model.score(x, by_hand) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sizes": (784,)}, r"at least two positive sizes, got \[784\]"),
        ({"sizes": ()}, r"at least two positive sizes, got \[\]"),
        ({"sizes": (784, 0)}, r"at least two positive sizes, got \[784, 0\]"),
        ({"activation": "gelu"}, r"expected activation .*'tanh', 'relu', 'sigmoid'.* 'gelu'"),
        ({"codes": "both"}, r"expected codes to be one of .*'after', 'before'.* got 'both'"),
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


def test_a_score_of_labels_that_do_not_fit_is_refused():
    """(N, 1) against (N,) would compare every prediction with every label."""
    x, y = data()
    model = ta.StackedAutoencoder(SIZES)
    model.fit_classifier(x, y, **QUICK)
    with pytest.raises(ta.TinyaeError, match=r"integer labels \(80,\) from 0, got int64 \(80, 1\)"):
        model.score(x, y[:, None])
