"""What a trace records, and that it leaves no trace."""

import numpy as np
import pytest

import tinyae as ta
from tests.stepping.stepping_cases import Residual, Square, linear_tape, one, samples, vae_tape
from tinyae.recipes import networks


def test_every_layer_in_every_phase():
    _, tape = linear_tape()
    found = [(step.path, step.phase) for step in tape.steps]
    paths = ["0", "1", "2"]
    assert found == [
        *((path, "forward") for path in paths),
        ("loss", "loss"),
        ("loss", "backward"),
        *((path, "backward") for path in reversed(paths)),
        *((f"{path}.{name}", "update") for path in ("0", "2") for name in ("weight", "bias")),
    ]
    assert [step.number for step in tape.steps] == list(range(1, len(found) + 1))


def test_the_numbers_are_those_of_the_pass():
    ta.seed(3)
    model, x, target = ta.Linear(4, 2), samples(5, 4), samples(5, 2)
    weight = model.weight.value.copy()
    loss, optimizer = ta.MSELoss(), ta.SGD(model.parameters(), lr=0.5)
    with ta.trace(model) as tape:
        y = model(x)
        value = loss(y, target)
        dy = loss.backward()
        dx = model.backward(dy)
        optimizer.step()
    forward, lossed, _, backward, update, _ = tape.steps
    np.testing.assert_array_equal(forward.inputs["x"].values, x)
    np.testing.assert_array_equal(forward.parameters["weight"].values, weight)
    np.testing.assert_array_equal(forward.outputs["y"].values, y)
    assert lossed.outputs["L"].values == value
    np.testing.assert_array_equal(backward.inputs["dL/dy"].values, dy)
    np.testing.assert_array_equal(backward.outputs["dL/dx"].values, dx)
    np.testing.assert_array_equal(backward.gradients["dL/dweight"].values, dy.T @ x)
    np.testing.assert_array_equal(backward.remembered["x"].values, x)
    np.testing.assert_array_equal(update.inputs["before"].values, weight)
    np.testing.assert_array_equal(update.outputs["after"].values, model.weight.value)


def test_facts_of_a_step():
    _, tape = linear_tape()
    step = tape.steps[0]
    assert step.layer == "Linear(4, 3)"
    assert step.formula.startswith("y = x Wᵀ + b")
    x = step.inputs["x"]
    assert (x.shape, x.dtype) == ((5, 4), "float32")
    assert x.statistics.max == pytest.approx(x.values.max())
    assert 0 < step.seconds < 1
    assert step.memory >= step.outputs["y"].values.nbytes
    assert "def forward(self, x: Array)" in step.source.text


def test_memory_is_that_of_the_step():
    class Hungry(Square):
        def forward(self, x):
            big = np.zeros(10_000_000, dtype="uint8")
            return super().forward(x) + big[0]

    model = ta.Sequential(Square(), Hungry())
    with ta.trace(model) as tape:
        model(samples(2, 3))
    assert tape.steps[0].memory < 1_000_000 < 10_000_000 <= tape.steps[1].memory


def test_the_same_number_has_the_same_place():
    _, tape = linear_tape()
    places = {
        (s.path, s.phase): {name: a.place for name, a in s.arrays.items()} for s in tape.steps
    }
    forward, relu, backward = (
        places["0", "forward"], places["1", "forward"], places["0", "backward"],
    )  # fmt: skip
    assert forward["x"] == backward["dL/dx"] == "input"
    assert forward["y"] == relu["x"] == backward["dL/dy"] == places["1", "backward"]["dL/dx"]
    assert forward["weight"] == backward["dL/dweight"] == "0.weight"
    assert set(places["0.weight", "update"].values()) == {"0.weight"}


def test_a_vae_has_its_branches():
    vae, tape = vae_tape()
    forward = [s.path for s in tape.steps if s.phase == "forward"]
    assert forward[4:7] == ["mean", "log_var", "z"]
    assert [s.path for s in tape.steps if s.phase == "loss"] == ["reconstruction", "prior", "loss"]
    total, parts = one(tape, "loss", "loss"), one(tape, "loss", "loss").inputs
    assert total.outputs["loss"].values == pytest.approx(
        parts["reconstruction"].values + vae.beta * parts["prior"].values
    )
    z = one(tape, "z", "forward")
    np.testing.assert_allclose(
        z.outputs["z"].values, z.inputs["mean"].values + z.outputs["deviation"].values
    )


def test_a_vae_shows_where_its_branches_meet():
    _, tape = vae_tape()
    joins, _ = (s for s in tape.steps if s.path == "log_var" and s.phase == "backward")
    share, prior = joins.inputs["dL/dlog_var by way of z"], joins.inputs["dK/dlog_var"]
    np.testing.assert_allclose(joins.outputs["dL/dlog_var"].values, share.values + prior.values)
    meet = one(tape, "trunk", "backward")
    np.testing.assert_allclose(
        meet.outputs["dL/dh"].values, sum(a.values for a in meet.inputs.values())
    )
    last = one(tape, "trunk.3", "backward").inputs["dL/dy"]
    np.testing.assert_array_equal(meet.outputs["dL/dh"].values, last.values)


def test_gradients_of_the_heads_belong_to_the_heads():
    _, tape = vae_tape()
    back = one(tape, "z", "backward")
    places = [back.outputs[f"dL/d{head}"].place for head in ("mean", "log_var")]
    assert places == [one(tape, head, "forward").outputs["y"].place for head in ("mean", "log_var")]


def test_a_layer_of_ones_own_is_described_by_its_docstring():
    _, tape = linear_tape(layers=[ta.Linear(4, 2), Square()])
    step = one(tape, "1", "forward")
    assert (step.formula, step.layer) == ("y = x², element by element.", "Square()")
    assert "return x**2" in step.source.text


def test_layers_inside_layers():
    model = ta.Sequential(Residual(ta.Sequential(ta.Linear(4, 4), ta.Tanh())), Square())
    with ta.trace(model) as tape:
        model(samples(2, 4))
        model.backward(samples(2, 4))
    paths = [step.path for step in tape.steps]
    assert paths[:4] == ["0.inner.0", "0.inner.1", "0", "1"]
    assert sorted(paths[4:]) == sorted(paths[:4])
    assert one(tape, "0", "forward").seconds >= one(tape, "0.inner.0", "forward").seconds


def test_it_computes_what_it_computes_without_a_trace():
    ta.seed(5)
    plain = networks.dense_vae((6, 4, 3))
    plain_loss = plain.loss(samples(5, 6)).total
    dx = plain.backward()
    ta.seed(5)
    traced = networks.dense_vae((6, 4, 3))
    with ta.trace(traced, lines=True):
        assert traced.loss(samples(5, 6)).total == plain_loss
        np.testing.assert_array_equal(traced.backward(), dx)


def own_attributes(model):
    methods = {"forward", "backward", "update", "loss", "prior_term"}
    owners = [*(m for _, m in model.modules()), model.sampler]
    return [name for owner in owners for name in vars(owner) if name in methods]


@pytest.mark.parametrize("fails", [False, True])
def test_off_is_off(fails):
    vae, classes = networks.dense_vae((6, 4, 3)), (ta.MSELoss.__mro__[1], ta.Adam, ta.SGD)
    before = [dict(vars(owner)) for owner in classes]
    try:
        with ta.trace(vae, lines=True):
            assert own_attributes(vae)
            vae.loss(samples(5, 7 if fails else 6))
    except ta.TinyaeError:
        assert fails
    assert own_attributes(vae) == []
    assert [dict(vars(owner)) for owner in classes] == before


def test_what_belongs_to_others_is_not_recorded():
    model, other = ta.Linear(4, 2), ta.Linear(4, 2)
    optimizer = ta.SGD(other.parameters(), lr=0.1)
    with ta.trace(model) as tape:
        other(samples(5, 4))
        optimizer.step()
    assert tape.steps == []


def test_a_trace_inside_a_trace():
    model = ta.Linear(4, 2)
    with ta.trace(model) as outer:
        with ta.trace(model) as inner:
            model(samples(5, 4))
        model(samples(5, 4))
    assert (len(outer.steps), len(inner.steps)) == (2, 1)


def test_a_second_batch_has_places_of_its_own():
    model = ta.Sequential(ta.Linear(4, 2), ta.Tanh())
    with ta.trace(model) as tape:
        model(samples(5, 4))
        model(samples(6, 4))
    first, _, second, _ = tape.steps
    assert first.outputs["y"].place != second.outputs["y"].place
    assert first.parameters["weight"].place == second.parameters["weight"].place


def test_a_whole_training_fills_the_tape_and_goes_on(monkeypatch):
    monkeypatch.setattr("tinyae.stepping.tape.MOST_STEPS", 10)
    model = ta.Linear(4, 4)
    with ta.trace(model) as tape:
        for _ in range(12):
            model(samples(5, 4))
    assert (len(tape.steps), tape.left_out) == (10, 2)
    assert "2 more calls" in tape.to_text()


@pytest.mark.parametrize("lines", [False, True])
def test_the_tape_of_a_batch_of_conv_vae_is_small(lines, tmp_path):
    vae = networks.conv_vae()
    optimizer = ta.Adam(vae.parameters())
    with ta.trace(vae, lines=lines) as tape:
        vae.loss(samples(256, 1, 28, 28))
        vae.backward()
        optimizer.step()
    assert 10_000 < tape.nbytes < 20e6
    tape.to_html(tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 20e6


def test_what_is_no_model():
    message = "trace: expected a Layer or a model, got ndarray"
    with pytest.raises(ta.TinyaeError, match=message), ta.trace(samples(2, 2)):
        pass


def test_nothing_recorded(tmp_path):
    with ta.trace(ta.Linear(4, 2)) as tape:
        pass
    for write in (tape.to_text, lambda: tape.to_html(tmp_path / "page.html")):
        with pytest.raises(ta.TinyaeError, match="at least one recorded step of Linear, got none"):
            write()
    assert list(tmp_path.iterdir()) == []
    assert "0 steps" in tape._repr_html_()


def test_a_path_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("kept")
    _, tape = linear_tape()
    for path in (tmp_path / "file" / "page.html", tmp_path):
        with pytest.raises(ta.TinyaeError, match="to_html: cannot write"):
            tape.to_html(path)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "kept"


def test_arrays_of_another_backend(backend):
    ta.seed(0)
    vae = networks.dense_vae((6, 4, 3)).to(backend)
    x = vae.parameters()[0].value
    x = ta.array_module(x).asarray(samples(5, 6))
    optimizer = ta.Adam(vae.parameters())
    with ta.trace(vae, lines=True) as tape:
        vae.loss(x)
        vae.backward()
        optimizer.step()
    assert len(tape.steps) == 45
    assert all(isinstance(a.values, np.ndarray) for s in tape.steps for a in s.arrays.values())


def test_a_layer_that_has_no_source_file(tmp_path):
    names = {"ta": ta}
    exec(
        "class Typed(ta.Layer):\n    def forward(self, x):\n        y = x + 1\n        return y\n",
        names,
    )
    layer = names["Typed"]()
    with ta.trace(layer, lines=True) as tape:
        layer(samples(2, 3))
    (step,) = tape.steps
    assert (step.source, step.formula) == (None, "Typed.forward")
    assert [list(line.arrays) for line in step.lines] == [["y"], ["y"]]
    assert "Typed.forward" in tape.to_text()
    tape.to_html(tmp_path / "page.html")
