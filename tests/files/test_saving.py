"""What is saved is what is loaded."""

import json
import os
import zipfile

import numpy as np
import pytest

import tinyae as ta
from tests.cases import LAYERS, run
from tests.files.own_layers import Residual, Scale, Twice
from tinyae.backend import host_generator
from tinyae.files import load, save
from tinyae.recipes import networks


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.npz"


def there_and_back(model, path):
    save(model, path)
    return load(path)


def assert_same(model, loaded):
    """The same structure, printed alike, in the same modes, with the same arrays to the bit."""
    assert repr(loaded) == repr(model)
    modes = [
        [(where, type(module), module.training) for where, module in m.modules()]
        for m in (model, loaded)
    ]
    assert modes[0] == modes[1]
    before, after = model.state_dict(), loaded.state_dict()
    assert list(after) == list(before)
    for name, array in before.items():
        assert after[name].dtype == array.dtype
        assert ta.to_numpy(after[name]).tobytes() == ta.to_numpy(array).tobytes(), name
    assert all(p.grad.shape == p.shape and not p.grad.any() for p in loaded.parameters())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_every_layer(case, dtype, path):
    layer = case.layer(dtype)
    loaded = there_and_back(layer, path)
    assert_same(layer, loaded)
    expected, results = run(layer, case.input(dtype)), run(loaded, case.input(dtype))
    for name, array in expected.items():
        assert np.array_equal(results[name], array), name


def stacked(classifier=True):
    model = ta.StackedAutoencoder((784, 196, 49, 25, 9), activation="relu", codes="before")
    if classifier:
        model.classifier = ta.Linear(9, 10)
    return model


MODELS = {
    "gaussian-vae": lambda: networks.dense_vae([15, 10, 5]),
    "conv-vae": networks.conv_vae,
    "deep-conv-vae": lambda: networks.deep_conv_vae(prior="em-strict"),
    "kmnist-vae": lambda: networks.kmnist_vae(2),
    "compression": networks.compression,
    "stacked": lambda: stacked(classifier=False),
    "stacked with its classifier": stacked,
    "a slice": lambda: ta.Sequential(ta.Linear(2, 3), ta.Tanh(), ta.Linear(3, 1))[:2],
    "nothing": lambda: ta.Sequential(),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_model(name, path):
    model = MODELS[name]()
    assert_same(model, there_and_back(model, path))
    assert_same(model.eval(), there_and_back(model, path))


def test_a_loaded_vae_trains_on_as_the_saved_one_would(path):
    model = networks.dense_vae([15, 10, 5])
    model.beta = 4.0  # as one does when the prior is phased in
    x = np.random.default_rng(0).normal(size=(8, 15)).astype("float32")
    model.prior = "em-strict"
    losses = []
    for each in (model, there_and_back(model, path)):
        ta.seed(5)
        optimizer = ta.Adam(each.parameters())
        for _ in range(3):
            each.zero_grad()
            losses.append(float(each.loss(x).total))
            each.backward()
            optimizer.step()
    assert losses[:3] == losses[3:]


def test_modes_are_kept_layer_by_layer(path):
    model = ta.Sequential(ta.Dropout(), ta.BatchNorm1d(3), ta.Dropout()).eval()
    model[1].train()
    loaded = there_and_back(model, path)
    assert [layer.training for layer in (loaded, *loaded)] == [False, False, True, False]


def test_random_numbers_go_on_as_if_nothing_had_happened(path):
    ta.seed(3)
    expected = host_generator().random(4)
    ta.seed(3)
    save(networks.dense_vae([15, 10, 5]), path)
    ta.seed(3)
    load(path)
    save(stacked(), path)  # its layers draw, so they are made before the seed is set again
    model = stacked()
    ta.seed(3)
    save(model, path)
    load(path)
    assert np.array_equal(host_generator().random(4), expected)


def test_own_layers(path):
    model = ta.Sequential(
        Scale(3, factor=0.5, words=["x", (1, {"deep": (True,)})]),
        Twice(3, middle=ta.Sequential(ta.Linear(3, 3), ta.Tanh())),
        Residual(Residual(ta.Linear(3, 3))),
    )
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    y = model(x)
    loaded = there_and_back(model, path)
    assert_same(model, loaded)
    assert loaded[0].words == ["x", (1, {"deep": (True,)})]
    assert loaded[0].calls == 1
    assert loaded[1].path == [loaded[1].first, loaded[1].middle, loaded[1].first]
    assert np.array_equal(loaded(x), y)


def test_of_two_classes_of_one_name_the_last_one_is_meant(path):
    """As in a notebook, whose cell with the class is run again."""

    def define():
        class Again(ta.Layer):
            def forward(self, x):
                return x

        return Again

    first, last = define(), define()
    assert first is not last
    assert type(there_and_back(first(), path)) is last


def test_an_own_class_does_not_go_by_the_name_of_one_of_the_package(path):
    class Linear(ta.Linear):
        pass

    assert type(there_and_back(ta.Linear(2, 2), path)) is ta.Linear
    assert type(there_and_back(Linear(2, 2), path)) is Linear


def replaced_layer():
    model = ta.Sequential(ta.Linear(3, 4), ta.ReLU(), ta.Linear(4, 2))
    setattr(model, "0", ta.Linear(3, 4, bias=False))
    return model


def other_size():
    model = networks.compression()
    model.decoder = ta.Sequential(ta.Linear(2, 7), ta.Tanh())
    return model


def appended_and_removed():
    model = ta.Sequential(ta.Linear(3, 4), ta.ReLU(), ta.Linear(4, 2))
    setattr(model, "3", ta.Sigmoid())
    delattr(model, "1")
    return model


def without_bias():
    model = ta.Sequential(ta.Linear(3, 4), ta.Linear(4, 2))
    model[0].bias = None
    return model


def with_bias():
    layer = ta.Linear(3, 4, bias=False)
    layer.bias = ta.Parameter(np.arange(4))
    return layer


def in_another_order():
    model = ta.Sequential(ta.Linear(3, 3), ta.Tanh())
    first, second = model
    setattr(model, "0", second)
    setattr(model, "1", first)
    return model


def put_at_the_end():
    model = ta.Sequential(ta.Linear(3, 3), ta.Tanh())
    first = model[0]
    delattr(model, "0")
    setattr(model, "0", first)
    return model


def inside_a_constructor():
    model = Twice(3, middle=ta.ReLU())
    model.middle = ta.Sequential(ta.Linear(3, 3))
    return model


def other_arguments_than_the_constructor_gave():
    model = Twice(3, middle=ta.ReLU())
    model.first = model.last = ta.Linear(3, 3, bias=False)
    return model


def shared_no_more():
    model = Twice(3, middle=ta.ReLU())
    model.last = ta.Linear(3, 3)
    return model


CHANGED = [
    replaced_layer,
    other_size,
    appended_and_removed,
    without_bias,
    with_bias,
    in_another_order,
    put_at_the_end,
    inside_a_constructor,
    other_arguments_than_the_constructor_gave,
    shared_no_more,
]


@pytest.mark.parametrize("change", CHANGED)
def test_changes_after_the_model_was_built(change, path):
    model = change()
    assert_same(model, there_and_back(model, path))


def test_settings_changed_after_the_model_was_built(path):
    model = ta.Sequential(ta.Dropout(0.5), ta.LeakyReLU(), ta.BatchNorm1d(3))
    model[0].p, model[1].negative_slope, model[2].momentum = 0.1, np.float64(0.3), None
    loaded = there_and_back(model, path)
    assert (loaded[0].p, loaded[1].negative_slope, loaded[2].momentum) == (0.1, 0.3, None)


def test_shared_layers_and_parameters_stay_shared(path):
    shared = ta.Linear(3, 3)
    tied = ta.Linear(3, 3)
    tied.weight = shared.weight
    model = ta.Sequential(shared, ta.Sequential(shared), tied)
    loaded = there_and_back(model, path)
    assert_same(model, loaded)
    assert loaded[0] is loaded[1][0]
    assert loaded[2] is not loaded[0]
    assert loaded[2].weight is loaded[0].weight
    assert loaded.count_parameters() == model.count_parameters() == 9 + 3 + 3
    assert set(np.load(path).files) >= {"0.weight", "0.bias", "2.bias"}
    assert "2.weight" not in np.load(path).files


def test_weights_that_ran_away_are_weights(path):
    layer = ta.Linear(2, 2)
    layer.weight.value[...] = [[np.nan, np.inf], [-np.inf, -0.0]]
    assert_same(layer, there_and_back(layer, path))


def test_the_file_is_plain(path):
    save(networks.conv_vae(), path)
    first = path.read_bytes()
    save(load(path), path)
    assert path.read_bytes() == first
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays["trunk.0.weight"].shape == (4, 1, 3, 3)
    text = zipfile.ZipFile(path).read("description.json")
    assert json.loads(text)["modules"][0]["class"] == "VAE"
    assert json.loads(text)["version"] == 1


def test_moving_between_backends(backend, path):
    model = networks.kmnist_vae(2)
    elsewhere = networks.kmnist_vae(2)
    elsewhere.load_state_dict(model.state_dict())
    elsewhere.to(backend)
    assert_same(model, there_and_back(elsewhere, path))
    ta.use(backend)
    loaded = load(path)
    array_types = {type(array) for array in loaded.state_dict().values()}
    assert array_types == {ta.array_module(loaded.trunk[0].weight.value).ndarray}
    assert_same(elsewhere, loaded)


class Holder(ta.Layer):
    def __init__(self, content):
        super().__init__()
        self.content = content


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (np.eye(3), r"array \(3, 3\)"),
        (np.tanh, "tanh"),
        (lambda x: x, "<lambda>"),
        ([1, {"a": object()}], "object"),
        ({1: 2}, "dict"),
        (1j, "complex"),
        (ta.Parameter([1.0]), r"array \(1,\)"),
    ],
)
def test_arguments_that_no_file_can_hold(content, what, path):
    with pytest.raises(ta.TinyaeError, match=rf"Holder\(.*its argument content is (an )?{what}"):
        save(ta.Sequential(Holder(content)), path)
    assert not path.exists()


def test_a_change_that_no_file_can_hold(path):
    layer = Scale(2)
    layer.activation = np.cos
    with pytest.raises(ta.TinyaeError, match=r"Scale\(2\): .* its activation was set to cos"):
        save(layer, path)


def test_a_weight_of_another_shape(path):
    layer = ta.Linear(3, 2)
    layer.weight = ta.Parameter(np.ones((5, 5)))
    with pytest.raises(
        ta.TinyaeError, match=r"Linear\(3, 2\).* weight of shape \(2, 3\).*\(5, 5\)"
    ):
        save(ta.Sequential(layer), path)


def test_a_layer_in_itself(path):
    model = ta.Sequential(ta.Linear(2, 2))
    setattr(model, "1", model)
    with pytest.raises(ta.TinyaeError, match="contains itself"):
        save(model, path)
    deep = ta.ReLU()
    for _ in range(2000):
        deep = ta.Sequential(deep)
    with pytest.raises(ta.TinyaeError, match="nested too deeply"):
        save(deep, path)


def test_only_models_are_saved(path):
    with pytest.raises(ta.TinyaeError, match="save: expected model to be a Module"):
        save({}, path)


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path, tmp_path / "file" / "model.npz", tmp_path / ("x" * 300), "a\0b"):
        with pytest.raises(ta.TinyaeError, match="cannot be written"):
            save(ta.Linear(1, 1), place)
    assert os.listdir(tmp_path) == ["file"]


def test_a_full_disk_leaves_the_old_file(path, monkeypatch):
    save(ta.Linear(1, 1), path)
    old = path.read_bytes()

    def full(archive, *_):
        archive.fp.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(ta.TinyaeError, match="No space left"):
        save(ta.Linear(2, 2), path)
    monkeypatch.undo()
    assert path.read_bytes() == old
    assert os.listdir(path.parent) == [path.name]
