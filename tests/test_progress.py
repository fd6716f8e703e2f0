"""The progress line: on standard error, and only if it is wanted."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

import tinyae as ta
from tinyae import progress
from tinyae.progress import Progress


def train(**settings):
    model = ta.Linear(3, 3)
    data = [np.ones((2, 3), "float32")] * 3
    optimizer = ta.SGD(model.parameters(), lr=0.01)
    return ta.fit(model, data, 2, optimizer, ta.MSELoss(), **settings)


def test_it_tells_epoch_loss_and_batches_on_standard_error(capsys):
    history = train(title="digits")
    out, err = capsys.readouterr()
    assert out == ""
    last = err.rstrip("\n").split("\r")[-1]
    assert last.startswith("digits epoch 2/2: 100%")
    assert " 6/6 [" in last
    assert f"loss={history['loss'][-1]:,.6g}" in last


def test_it_tells_the_parts_of_the_loss(capsys):
    vae = ta.VAE(ta.Linear(3, 2), ta.Linear(2, 2), ta.Linear(2, 2), ta.Linear(2, 3))
    ta.fit(vae, [np.ones((2, 3), "float32")], 1, ta.Adam(vae.parameters()))
    _, err = capsys.readouterr()
    assert all(f"{name}=" in err for name in ("loss", "reconstruction", "prior"))


def test_silence_when_it_is_not_wanted(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)  # its import would fail
    train(progress=False)
    assert capsys.readouterr() == ("", "")


def test_an_error_still_ends_the_line(capsys):
    model = ta.Linear(3, 3)
    batches = [np.ones((2, 3), "float32"), np.ones((2, 4), "float32")]
    with pytest.raises(ta.TinyaeError):
        ta.fit(model, batches, 1, ta.SGD(model.parameters(), lr=0.1), ta.MSELoss())
    _, err = capsys.readouterr()
    assert err.endswith("\n")
    assert " 1/2 [" in err  # the batch that was done is counted


class Bar:
    """A stand-in for tqdm's bar that keeps what it is told."""

    def __init__(self, **settings):
        self.settings, self.updates, self.shown = settings, [], []

    def set_description_str(self, text, refresh):
        self.shown.append(text)

    def set_postfix(self, values, refresh):
        self.shown[-1] += " " + " ".join(f"{name}={value}" for name, value in values.items())

    def update(self, n):
        self.updates.append(n)

    def close(self):
        self.updates.append("closed")


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(progress.time, "perf_counter", lambda: clock.now)
    return clock


@pytest.fixture
def bars(monkeypatch):
    """The bars that are made."""
    made = []
    fake = SimpleNamespace(tqdm=lambda **settings: made.append(Bar(**settings)) or made[-1])
    monkeypatch.setitem(sys.modules, "tqdm", fake)
    return made


def test_it_is_drawn_a_few_times_a_second_and_loses_no_batch(bars, clock):
    with Progress("title", epochs=2, batches=50, done=7) as line:
        for batch in range(48):
            clock.now += 0.1
            line.advance(0, {"loss": 1000 + batch})
    (bar,) = bars
    assert bar.settings == {"total": 100, "initial": 7, "desc": "title", "unit": "batch"}
    assert bar.updates[0] == 1  # the first batch at once
    assert set(bar.updates[1:-2]) == {3}  # 0.3 s between two
    assert bar.updates[-2:] == [2, "closed"]  # what is left
    assert sum(bar.updates[:-1]) == 48
    assert bar.shown[0] == "title epoch 1/2 loss=1,000"


def test_the_end_of_an_epoch_is_always_drawn(bars, clock):
    with Progress("title", epochs=3, batches=1) as line:
        for epoch in range(3):
            line.advance(epoch, {"loss": 0.125}, now=True)
    assert bars[0].shown == [f"title epoch {epoch}/3 loss=0.125" for epoch in (1, 2, 3)]
