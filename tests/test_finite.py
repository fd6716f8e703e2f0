"""Numbers that go wrong: found where they first appear, and said so."""

import numpy as np
import pytest

import tinyae as ta
from tests.training_cases import points
from tinyae.backend import host_generator
from tinyae.optimizers import SGD


class Spoiler(ta.Layer):
    """Passes everything on, but makes one number bad at one call of one pass."""

    def __init__(self, phase, call, bad=np.nan):
        super().__init__()
        self.phase, self.call, self.bad, self.calls = phase, call, bad, 0
        self.spoils = {"forward": 0, "backward": 0}

    def _spoil(self, phase, array):
        self.spoils[phase] += 1
        if phase == self.phase and self.spoils[phase] >= self.call:
            array = array.copy()
            array[1, 0] = self.bad
        return array

    def forward(self, x):
        return self._spoil("forward", x)

    def backward(self, dy):
        return self._spoil("backward", dy)


def spoilt(phase, call, bad=np.nan):
    return ta.Sequential(
        ta.Linear(4, 6), ta.Tanh(), ta.Sequential(Spoiler(phase, call, bad)), ta.Linear(6, 4)
    )


def train(model, epochs=3, lr=0.01, **kept):
    data = ta.data.DataLoader(points(12), batch_size=4)
    return ta.fit(
        model, data, epochs, SGD(model.parameters(), lr=lr), ta.MSELoss(), progress=False, **kept
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("phase", ["forward", "backward"])
def test_the_layer_the_phase_and_the_place_are_named(phase, bad):
    model = spoilt(phase, 5, bad)
    before = []
    words = rf"layer 2\.0, Spoiler\(.*\) \({phase}, in epoch 2, batch 2\); usual causes are"
    with pytest.raises(ta.TinyaeError, match=words):
        train(model, on_batch=lambda *_: before.append(model.state_dict()))
    assert len(before) == 4
    for name, array in model.state_dict().items():  # no step was made with it
        np.testing.assert_array_equal(array, before[-1][name])


def test_the_layers_are_as_they_were_afterwards():
    model = spoilt("forward", 2)
    with pytest.raises(ta.TinyaeError):
        train(model)
    assert not any({"forward", "backward"} & vars(module).keys() for _, module in model.modules())


def test_the_last_good_checkpoint_is_named(tmp_path):
    words = r"Spoiler.*the last good checkpoint is .*run.npz, after epoch 2, batch 1$"
    with pytest.raises(ta.TinyaeError, match=words):
        train(spoilt("backward", 5), checkpoint=tmp_path / "run.npz", every=1)
    model = spoilt("backward", 50)
    history = train(model, checkpoint=tmp_path / "run.npz", resume=True)
    assert len(history["loss"]) == 3
    assert all(np.isfinite(array).all() for array in model.state_dict().values())


def test_a_step_that_breaks_the_weights_is_named_by_the_step():
    """The gradients of a batch are finite, but the rate times them is not."""
    model = ta.Sequential(ta.Linear(4, 6), ta.Tanh(), ta.Linear(6, 4))
    optimizer = SGD(model.parameters(), lr=0.01)
    steps = []

    def break_off(epoch, batch, losses):
        steps.append(batch)
        if len(steps) == 5:
            model[2].bias.value[0] = np.inf

    data = ta.data.DataLoader(points(12), batch_size=4)
    words = r"in 2\.bias \(update, in epoch 2, batch 2\); usual causes are a learning rate"
    with pytest.raises(ta.TinyaeError, match=words):
        ta.fit(model, data, 3, optimizer, ta.MSELoss(), on_batch=break_off, progress=False)


def test_broken_weights_are_found_at_the_end_and_never_kept(tmp_path):
    def break_off(epoch, batch, losses):
        model[0].weight.value[0, 0] = np.nan

    model = spoilt("", 0)
    optimizer, loss = SGD(model.parameters(), lr=0.01), ta.MSELoss()
    with pytest.raises(ta.TinyaeError, match=r"in 0\.weight \(update, in epoch 1, batch 1\)"):
        ta.fit(model, [points(4)], 1, optimizer, loss, on_batch=break_off, progress=False)
    model = spoilt("", 0)
    words = r"in 0\.weight \(update, in epoch 1, batch 1\).*last good .* after the start$"
    with pytest.raises(ta.TinyaeError, match=words):
        train(model, on_batch=break_off, checkpoint=tmp_path / "run.npz", every=1)


def test_a_rate_that_is_too_high_is_told_without_warnings():
    with pytest.raises(ta.TinyaeError, match=r"in epoch \d+, batch \d\).*a learning rate that is"):
        train(ta.Sequential(ta.Linear(4, 4), ta.ReLU(), ta.Linear(4, 4)), 3000, lr=10.0)


def test_data_that_are_not_finite_are_told_from_layers_that_break():
    data = points(12)
    data[5, 2] = np.nan
    model = ta.Linear(4, 4)
    where = r"\(forward of Linear\(4, 4\), in epoch 1, batch 2\)$"
    words = rf"Linear\(4, 4\): expected finite input, got 1 NaN .*{where}"
    with pytest.raises(ta.TinyaeError, match=words):
        ta.fit(
            model, ta.data.DataLoader(data, batch_size=4), 1, SGD(model.parameters(), lr=0.1),
            ta.MSELoss(), progress=False,
        )  # fmt: skip


class Overflow(ta.Linear):
    """The gradient of its weights, and nothing else, is infinite from one call on."""

    def __init__(self, call):
        super().__init__(6, 6)
        self.call, self.calls = call, 0

    def backward(self, dy):
        dx = super().backward(dy)
        self.calls += 1
        if self.calls >= self.call:
            self.weight.grad[0, 0] = np.inf
        return dx


@pytest.mark.parametrize("optimizer", [ta.SGD, ta.Adam])
@pytest.mark.parametrize(("call", "place"), [(5, "epoch 2, batch 2"), (9, "epoch 3, batch 3")])
def test_a_gradient_of_weights_that_alone_overflows_is_told_from_the_update(optimizer, call, place):
    model = ta.Sequential(ta.Linear(4, 6), ta.Sequential(Overflow(call)), ta.Linear(6, 4))
    data = ta.data.DataLoader(points(12), batch_size=4)
    words = rf"in layer 1\.0, Overflow\({call}\) \(backward, in {place}\); usual"
    with pytest.raises(ta.TinyaeError, match=words):
        ta.fit(model, data, 3, optimizer(model.parameters(), lr=0.1), ta.MSELoss(), progress=False)


def test_a_gradient_of_weights_that_alone_overflows_is_never_kept(tmp_path):
    model = ta.Sequential(ta.Linear(4, 6), Overflow(5), ta.Linear(6, 4))
    words = r"layer 1, Overflow\(5\) \(backward, in epoch 2, batch 2\).* after epoch 2, batch 1$"
    with pytest.raises(ta.TinyaeError, match=words):
        train(model, checkpoint=tmp_path / "run.npz", every=1)


def test_gradients_of_a_later_batch_are_not_blamed_for_the_weights():
    """Tanh hides an infinite bias from the loss; then 0 · ∞ shows in the next backward."""
    model = ta.Sequential(ta.Linear(4, 6), ta.Linear(6, 6), ta.Tanh(), ta.Linear(6, 4))

    def break_off(epoch, batch, losses):
        if (epoch, batch) == (1, 1):
            model[1].weight.value[0, 0] = np.inf

    with pytest.raises(ta.TinyaeError, match=r"in 1\.weight \(update, in epoch 2, batch 2\)"):
        train(model, on_batch=break_off)


class Refusing(ta.ReLU):
    """Refuses in one pass."""

    def __init__(self, phase):
        super().__init__()
        self.phase = phase

    def forward(self, x):
        return self.refuse("forward") or super().forward(x)

    def backward(self, dy):
        return self.refuse("backward") or super().backward(dy)

    def refuse(self, phase):
        if phase == self.phase:
            raise ta.TinyaeError("Refusing: no")


@pytest.mark.parametrize("phase", ["forward", "backward"])
def test_who_refuses_and_in_which_phase_is_named(phase):
    model = ta.Sequential(ta.Linear(4, 4), ta.Sequential(Refusing(phase)))
    words = rf"^Refusing: no \({phase} of layer 1\.0, in epoch 1, batch 1\)$"
    with pytest.raises(ta.TinyaeError, match=words):
        train(model)


def test_a_loss_that_refuses_is_told_from_the_layers():
    model = ta.Linear(4, 4)
    rule = SGD(model.parameters(), lr=0.1)
    with pytest.raises(ta.TinyaeError, match=r"^BCELoss: .* \(loss, in epoch 1, batch 1\)$"):
        ta.fit(model, [points(4) + 9], 1, rule, ta.BCELoss(), progress=False)


@pytest.mark.parametrize("size", [1e15, 1e18])
def test_large_gradients_that_are_finite_are_no_trouble(size):
    """The square of one is infinite in float32, and the quick look sees that; it is finite."""
    model = ta.Linear(4, 4)
    x = (points(8) * 100).astype("float32")
    loss = ta.MSELoss(reduction="sum")
    loss.gradient = lambda prediction, target: np.full_like(prediction, size * 100)
    history = ta.fit(model, [x], 1, SGD(model.parameters(), lr=0.0), loss, progress=False)
    assert np.isfinite(history["loss"]).all()
    assert np.isfinite(model.bias.grad).all()


def vae_with(log_var, **settings):
    vae = ta.VAE(
        ta.Linear(4, 3), ta.Linear(3, 2), ta.Linear(3, 2),
        ta.Sequential(ta.Linear(2, 4), ta.Sigmoid()), **settings,
    )  # fmt: skip
    vae.log_var.weight.value[...] = 0
    vae.log_var.bias.value[...] = log_var
    return vae


SETTINGS = [
    {"prior": prior, "reconstruction": reconstruction}
    for prior in ("kl", "em", "em-strict")
    for reconstruction in ("mse", "bce")
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("log_var", [-1e4, -1e3, -200.0, -90.0, 0.0, 60.0])
def test_log_variances_that_can_be_used_give_finite_results(log_var, settings):
    vae, x = vae_with(log_var, **settings), np.full((5, 4), 0.5, "float32")
    assert np.isfinite(vae.loss(x).total)
    assert np.isfinite(vae.backward()).all()
    assert all(np.isfinite(parameter.grad).all() for parameter in vae.parameters())


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("log_var", [200.0, 1e3, 1e4])
def test_log_variances_that_cannot_be_used_are_refused(log_var, settings):
    vae, x = vae_with(log_var, **settings), np.full((5, 4), 0.5, "float32")
    with pytest.raises(ta.TinyaeError, match=rf"log_var .*got up to {log_var:g}"):
        vae.loss(x)
    words = rf"log_var .*got up to {log_var:g}.*\(forward of VAE, in epoch 1, batch 1\)"
    with pytest.raises(ta.TinyaeError, match=words):
        ta.fit(vae, [x], 1, SGD(vae.parameters(), lr=0.1), progress=False)


@pytest.mark.parametrize("log_var", [100.0, 1e4])
def test_the_divergence_refuses_a_variance_that_overflows(log_var):
    mean = np.zeros((2, 2), "float32")
    with pytest.raises(ta.TinyaeError, match=rf"log_var .*got up to {log_var:g}"):
        ta.gaussian_kl(mean, mean + np.float32(log_var))
    assert np.isfinite(ta.gaussian_kl(mean, mean - np.float32(log_var))[0])


class Gamble(ta.Layer):
    """Breaks now and then, as the package's random numbers have it."""

    def forward(self, x):
        lost = host_generator().random() > 0.9
        return x * np.float32(np.nan if lost else 1)

    def backward(self, dy):
        return dy


def test_the_second_look_draws_the_same_random_numbers():
    for seed in range(5):
        ta.seed(seed)
        with pytest.raises(ta.TinyaeError, match=r"layer 1, Gamble\(\) \(forward, in epoch"):
            train(ta.Sequential(ta.Linear(4, 4), Gamble(), ta.Linear(4, 4)), epochs=100)


def test_a_log_variance_that_grows_in_training_is_told_with_its_cause():
    vae, x = vae_with(0.0), points(8)
    words = r"(log_var|log-variance).*in epoch \d+, batch 1\)|\(forward, in epoch"
    with pytest.raises(ta.TinyaeError, match=words):
        ta.fit(vae, [x], 200, SGD(vae.parameters(), lr=50.0), progress=False)
