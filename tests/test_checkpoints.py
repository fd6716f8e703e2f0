"""Training that is stopped at any moment and goes on gives what it would have given, to the bit."""

import os
import signal
import time
from dataclasses import replace

import numpy as np
import pytest

import tinyae as ta
from tests import kills
from tests.training_cases import points
from tinyae import checkpoints, cli, recipes
from tinyae.files.archive import read_archive, write_archive
from tinyae.optimizers import SGD, Adam
from tinyae.training import descend

EPOCHS, BATCHES = 3, 4


class Stop(Exception):
    """The end of a process, in a test."""


class Watcher:
    """Notes each batch, is kept in checkpoints, and stops training when it is told to."""

    def __init__(self, stop_at=None):
        self.losses, self.batches, self.stop_at = [], 0, stop_at

    def __call__(self, epoch, batch, losses):
        self.losses.append(losses["loss"])
        self.batches += 1
        if self.batches == self.stop_at:
            raise Stop

    def state_dict(self):
        return {"losses": np.array(self.losses)}

    def load_state_dict(self, state):
        self.losses = state["losses"].tolist()


def dropping_network():
    first, last = ta.Linear(4, 6), ta.Linear(6, 4)
    return ta.Sequential(first, ta.BatchNorm1d(6), ta.Tanh(), ta.Dropout(), last)


def shuffled():
    return ta.data.DataLoader(points(15), batch_size=4, shuffle=True)


def noisy():
    own = np.random.default_rng(7)
    return ta.data.NoisyBatches(
        ta.data.RandomBatches(points(15), batch_size=4, steps=BATCHES, generator=own), 0.1
    )


def twisted():
    own = np.random.Generator(np.random.MT19937(3))
    return ta.data.DataLoader(points(15), batch_size=4, shuffle=True, generator=own)


def adam(parameters):
    return Adam(parameters, lr=0.01)


def sgd(parameters):
    return SGD(parameters, lr=0.01, momentum=0.9, weight_decay=0.01)


def in_order():
    return [points(4), points(5), points(6), points(7)]


def train(path=None, stop_at=None, resume=False, every=1, *, data=shuffled, rule=adam, **settings):
    """A run from seed 0; returns the model, the history and what the watcher saw."""
    ta.seed(0)
    model, watcher = dropping_network(), Watcher(stop_at)
    kept = {"checkpoint": path, "every": every, "resume": resume} if path else {}
    settings = {"epochs": EPOCHS, **settings}
    history = ta.fit(
        model, data(), optimizer=rule(model.parameters()), loss=ta.MSELoss(), report_every=3,
        on_batch=watcher, progress=False, **kept, **settings,
    )  # fmt: skip
    return model, history, watcher.losses, ta.to_numpy(model(points()))


def assert_same(one, other):
    theirs = other[0].state_dict()
    for name, array in one[0].state_dict().items():
        np.testing.assert_array_equal(array, theirs[name])
    assert one[1:3] == other[1:3]
    np.testing.assert_array_equal(one[3], other[3])  # dropout: the generator stands where it stood


def stop(path, stop_at, **settings):
    with pytest.raises(Stop):
        train(path, stop_at, **settings)


@pytest.mark.parametrize(
    ("data", "rule", "every"),
    [
        (shuffled, adam, 1), (shuffled, adam, 3), (shuffled, adam, None),
        (noisy, sgd, 1), (noisy, adam, 3), (twisted, sgd, 3), (in_order, adam, 3),
    ],
)  # fmt: skip
def test_stopped_anywhere_it_goes_on_to_the_bit(tmp_path, monkeypatch, data, rule, every):
    monkeypatch.setattr(checkpoints, "SHORTEST", 0)
    whole = train(data=data, rule=rule)
    for stop_at in range(1, EPOCHS * BATCHES + 1):
        path = tmp_path / f"{stop_at}.npz"
        stop(path, stop_at, data=data, rule=rule, every=every)
        assert_same(train(path, resume=True, data=data, rule=rule, every=every), whole)


def test_it_may_be_stopped_again_and_again(tmp_path):
    path, attempts = tmp_path / "run.npz", 0
    try:
        train(path, 2, every=1)
    except Stop:
        attempts += 1
    while True:
        try:
            result = train(path, 2, resume=True, every=1)
            break
        except Stop:
            attempts += 1
    assert attempts > 5
    assert_same(result, train())


def test_a_run_that_had_ended_is_not_run_again(tmp_path):
    whole = train(tmp_path / "run.npz")
    again = train(tmp_path / "run.npz", stop_at=1, resume=True)
    assert_same(again, whole)


def test_without_resume_it_starts_anew(tmp_path):
    stop(tmp_path / "run.npz", 5)
    stop(tmp_path / "run.npz", 1, every=None)
    description, _ = read_archive(tmp_path / "run.npz", "checkpoint", 1)
    assert (description["state"]["epoch"], description["state"]["batch"]) == (0, 0)


def test_a_changed_learning_rate_is_kept(tmp_path, monkeypatch):
    def halving(stop_at=None, **kept):
        ta.seed(0)
        model = dropping_network()
        optimizer = Adam(model.parameters(), lr=0.1)

        def halve(epoch, history):
            optimizer.param_groups[0]["lr"] /= 2

        history = ta.fit(
            model, shuffled(), 3, optimizer, ta.MSELoss(), on_epoch=halve,
            on_batch=Watcher(stop_at), progress=False, **kept,
        )  # fmt: skip
        return model, history, optimizer.param_groups[0]["lr"], points()

    path = tmp_path / "run.npz"
    monkeypatch.setattr(checkpoints, "SHORTEST", 0)
    with pytest.raises(Stop):
        halving(7, checkpoint=path)
    resumed = halving(checkpoint=path, resume=True)
    assert resumed[2] == 0.1 / 8
    assert_same(resumed, halving())


def program(stop_at, path=None, resume=False):
    """Two autoencoders, a classifier and fine-tuning: several runs of ``fit``."""
    ta.seed(0)
    x, y = points(40), np.random.default_rng(1).integers(3, size=40)
    model = ta.StackedAutoencoder((4, 3, 2))
    batches = 0
    real = Adam.step

    def step(self):
        nonlocal batches
        real(self)
        batches += 1
        if batches == stop_at:
            raise Stop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Adam, "step", step)
        how = {"steps": 6, "batch_size": 5, "optimizer": Adam, "progress": False}
        with ta.Checkpoints(path, every=2, resume=resume) if path else ta.Checkpoints(os.devnull):
            if path is None:
                checkpoints._open.set(None)
            parts = model.pretrain(x, noise=0.1, **how)
            parts.append(model.fit_classifier(x, y, **how))
            score = model.score(x, y)
            parts.append(model.fine_tune(x, y, **how))
    return model, parts, score, model.encode(x)


def test_a_program_of_several_runs_goes_on_where_it_was(tmp_path):
    whole = program(None)
    for stop_at in range(1, 25):
        path = tmp_path / str(stop_at) / "run.npz"
        with pytest.raises(Stop):
            program(stop_at, path)
        assert_same(program(None, path, resume=True), whole)
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "run-2.npz", "run-3.npz", "run-4.npz", "run.npz",
    ]  # fmt: skip


def test_a_new_program_does_not_take_the_files_of_an_older_one(tmp_path):
    program(None, tmp_path / "run.npz")
    with pytest.raises(Stop):
        program(1, tmp_path / "run.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


def test_training_in_a_callback_is_no_run_of_the_program(tmp_path):
    def train_another(epoch, history):
        other = ta.Linear(4, 4)
        descend(other, ta.MSELoss(), SGD(other.parameters(), lr=0.1), points(), progress=False)

    with ta.Checkpoints(tmp_path / "run.npz"):
        train(on_epoch=train_another)
        train()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run-2.npz", "run.npz"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rule": sgd}, "optimizer is 'Adam' there, 'SGD' here"),
        ({"rule": lambda p: Adam(p, lr=0.1)}, "groups is .*0.01.* there, .*0.1.* here"),
        ({"epochs": 4}, "epochs is 3 there, 4 here"),
        ({"data": lambda: [points()]}, "batches is 4 there, 1 here"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, words):
    stop(tmp_path / "run.npz", 5)
    with pytest.raises(ta.TinyaeError, match=f"run.npz: a checkpoint of another run: {words}"):
        train(tmp_path / "run.npz", resume=True, **change)


def test_a_checkpoint_of_other_data_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    stop(path, 5)
    before = path.read_bytes()
    other = ta.data.DataLoader(points(15) + 1, batch_size=4, shuffle=True)
    words = "run.npz: a checkpoint of another run: its data are other numbers there than here; go"
    with pytest.raises(ta.TinyaeError, match=words):
        train(path, resume=True, data=lambda: other)
    assert path.read_bytes() == before
    assert_same(train(path, resume=True), train())


def test_a_checkpoint_from_before_data_were_compared_is_gone_on_with(tmp_path):
    path = tmp_path / "run.npz"
    stop(path, 5)
    description, arrays = read_archive(path, "checkpoint", 1)
    del description["data"]
    write_archive(path, "checkpoint", 1, description, arrays)
    assert_same(train(path, resume=True), train())


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    stop(tmp_path / "run.npz", 5)
    model = ta.Linear(4, 4)
    with pytest.raises(ta.TinyaeError, match="model is 'Sequential' there, 'Linear' here"):
        ta.fit(
            model, shuffled(), 3, adam(model.parameters()), ta.MSELoss(), resume=True,
            checkpoint=tmp_path / "run.npz", progress=False,
        )  # fmt: skip


def test_what_a_kill_left_behind_is_removed(tmp_path):
    names = (".run.npz.1a2b.part", ".run-2.npz.1a2b.part", ".runs.npz.1a2b.part")
    mine, later, other = (tmp_path / name for name in names)
    for path in (mine, later, other):
        path.write_bytes(b"half of it")
    stop(tmp_path / "run.npz", 5)
    assert not mine.exists()
    assert later.exists()
    assert other.exists()


@pytest.mark.parametrize("place", [{"epoch": 4}, {"batch": BATCHES}, {"batch": -1}, {"epoch": -1}])
def test_a_place_that_there_is_not_is_refused(tmp_path, place):
    path = tmp_path / "run.npz"
    stop(path, 5)
    description, arrays = read_archive(path, "checkpoint", 1)
    state = {**description["state"], **place}
    write_archive(path, "checkpoint", 1, {"run": description["run"], "state": state}, arrays)
    with pytest.raises(ta.TinyaeError, match=r"makes no sense \(ValueError: epoch"):
        train(path, resume=True)


def test_files_that_are_no_checkpoints_are_refused(tmp_path):
    path = tmp_path / "run.npz"
    ta.save(ta.Linear(2, 2), path)
    with pytest.raises(ta.TinyaeError, match="expected a tinyae checkpoint, got another kind"):
        train(path, resume=True)
    stop(path, 5)
    description, arrays = read_archive(path, "checkpoint", 1)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ta.TinyaeError, match="cut short"):
        train(path, resume=True)
    del description["state"]["generators"]
    write_archive(path, "checkpoint", 1, description, arrays)
    with pytest.raises(ta.TinyaeError, match="one that makes no sense"):
        train(path, resume=True)
    write_archive(path, "checkpoint", 2, {}, {})
    with pytest.raises(ta.TinyaeError, match="written by a newer tinyae"):
        train(path, resume=True)


def test_settings_that_cannot_work_are_refused(tmp_path):
    model = ta.Linear(4, 4)
    for alone in ({"resume": True}, {"every": 3}):
        with pytest.raises(
            ta.TinyaeError, match="expected checkpoint=PATH along with every or res"
        ):
            ta.fit(model, [points()], 1, adam(model.parameters()), ta.MSELoss(), **alone)
    with pytest.raises(ta.TinyaeError, match="expected path to name a file"):
        ta.Checkpoints("")
    for every in (0, -1, 1.5, "often"):
        with pytest.raises(ta.TinyaeError, match="expected every"):
            ta.Checkpoints(tmp_path / "run.npz", every)


@pytest.mark.parametrize(
    ("shortest", "longest", "place"),
    [(0, 1e9, (1, 0)), (1e9, 0, (1, 2)), (1e9, 1e9, (0, 0))],
)
def test_where_no_number_is_asked_for_epochs_and_the_clock_decide(
    tmp_path, monkeypatch, shortest, longest, place
):
    monkeypatch.setattr(checkpoints, "SHORTEST", shortest)
    monkeypatch.setattr(checkpoints, "LONGEST", longest)
    stop(tmp_path / "run.npz", BATCHES + 3, every=None)
    description, _ = read_archive(tmp_path / "run.npz", "checkpoint", 1)
    assert (description["state"]["epoch"], description["state"]["batch"]) == place


def interrupting(at):
    seen = []

    def on_batch(epoch, batch, losses):
        seen.append(batch)
        if len(seen) == at:
            os.kill(os.getpid(), signal.SIGINT)

    return on_batch


def test_ctrl_c_ends_the_batch_and_tells_how_to_go_on(tmp_path):
    path, model = tmp_path / "run.npz", dropping_network()
    rule, before = adam(model.parameters()), signal.getsignal(signal.SIGINT)
    words = r"interrupted after epoch 2, batch 1; .*run.npz holds all of it: .* resume=True"
    with pytest.raises(KeyboardInterrupt, match=words):
        ta.fit(
            model, shuffled(), 3, rule, ta.MSELoss(),
            checkpoint=path, on_batch=interrupting(5), progress=False,
        )  # fmt: skip
    assert signal.getsignal(signal.SIGINT) is before
    description, arrays = read_archive(path, "checkpoint", 1)
    assert (description["state"]["epoch"], description["state"]["batch"]) == (1, 1)
    np.testing.assert_array_equal(arrays["model.0.weight"], model[0].weight.value)


def test_the_second_ctrl_c_does_not_wait(tmp_path):
    def twice(epoch, batch, losses):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("it waited")

    with pytest.raises(KeyboardInterrupt):
        train_with(twice, tmp_path / "run.npz")


def train_with(on_batch, path):
    model = dropping_network()
    rule = adam(model.parameters())
    ta.fit(
        model, shuffled(), 1, rule, ta.MSELoss(), checkpoint=path, on_batch=on_batch, progress=False
    )


def test_snapshots_of_samples_survive(fake_data, tmp_path, monkeypatch):
    recipe = recipes.get("kmnist-vae")
    often = replace(recipe, train=replace(recipe.train, snapshot_every=2))
    settings = recipes.Settings(limit=96, epochs=2, progress=False)
    small = replace(often.train, batch_size=16)
    often = replace(often, train=small)
    whole = often.run(settings)
    real, steps = Adam.step, []

    def step(self):
        real(self)
        steps.append(1)
        if len(steps) == 9:
            raise Stop

    monkeypatch.setattr(Adam, "step", step)
    with pytest.raises(Stop), ta.Checkpoints(tmp_path / "run.npz", every=1):
        often.run(settings)
    with ta.Checkpoints(tmp_path / "run.npz", resume=True):
        result = often.run(settings)
    assert len(steps) == 13  # 8 were kept, the 9th was not
    assert result.history == whole.history
    assert len(result.snapshots) == len(whole.snapshots) == 6
    for ours, theirs in zip(result.snapshots, whole.snapshots, strict=True):
        assert (ours.epoch, ours.batch, ours.losses) == (theirs.epoch, theirs.batch, theirs.losses)
        np.testing.assert_array_equal(ours.samples, theirs.samples)


def test_arrays_come_back_to_the_backend_they_were_on(strict, tmp_path):
    def moved(**kept):
        ta.seed(0)
        model = ta.Sequential(ta.Linear(4, 6), ta.BatchNorm1d(6), ta.Linear(6, 4)).to("strict")
        watcher = Watcher(kept.pop("stop_at", None))
        history = ta.fit(
            model, shuffled(), 2, adam(model.parameters()), ta.MSELoss(),
            on_batch=watcher, progress=False, **kept,
        )  # fmt: skip
        return model, history

    with pytest.raises(Stop):
        moved(checkpoint=tmp_path / "run.npz", every=1, stop_at=6)
    (model, history), (whole, expected) = (
        moved(checkpoint=tmp_path / "run.npz", resume=True),
        moved(),
    )
    assert history == expected
    for ours, theirs in zip(model.parameters(), whole.parameters(), strict=True):
        assert ta.array_module(ours.value) is strict
        np.testing.assert_array_equal(ta.to_numpy(ours.value), ta.to_numpy(theirs.value))


# on the command line


def test_the_command_goes_on_with_resume_and_only_there(tmp_path, capsys):
    out = str(tmp_path / "out")
    words = ["train", "gaussian-vae", "--epochs", "3", "--out", out]
    assert cli.main(words) == 0
    assert (tmp_path / "out" / "checkpoint.npz").exists()
    assert cli.main([*words, "--resume", "--seed", "1"]) == 2
    assert "settings.seed is 0 there, 1 here" in capsys.readouterr().err
    assert cli.main([*words, "--resume"]) == 0
    assert cli.main([*words, "--seed", "1"]) == 0  # without resume, anew
    assert cli.main(["train", "gaussian-vae", "--resume"]) == 2
    assert "expected --out DIR" in capsys.readouterr().err


def test_ctrl_c_on_the_command_line(fake_root, tmp_path):
    out = tmp_path / "out"
    process = kills.start("conv-vae", out, fake_root, "--epochs", "1000")
    while not (out / "checkpoint.npz").exists() and process.poll() is None:
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    last = errors.decode().splitlines()[-1]
    assert last.startswith("tinyae: interrupted after epoch ")
    assert "checkpoint.npz holds all of it" in last
    assert "--resume" in last
    read_archive(out / "checkpoint.npz", "checkpoint", 1)


def test_killed_at_random_moments_every_recipe_goes_on_to_the_bit(fake_root, tmp_path):
    """The short form of ``python -m tests.kills --times 100``."""
    report = kills.run(times=3, seed=1, root=fake_root, folder=tmp_path)
    assert report.kills == 3
    assert report.different == report.unreadable == 0


@pytest.mark.slow
def test_a_hundred_kills(fake_root, tmp_path):
    report = kills.run(times=100, seed=0, root=fake_root, folder=tmp_path)
    assert (report.kills, report.different, report.unreadable) == (100, 0, 0)
