"""Times by layer: every layer of the network, on what a training batch gives it."""

from __future__ import annotations

import json

import pytest

from tinyae.bench.figure import draw_ratios
from tinyae.bench.layers import as_table, time_layers
from tinyae.bench.timing import Timing
from tinyae.cli import main
from tinyae.errors import TinyaeError


def test_every_layer_in_order_with_its_input():
    timings = time_layers("gaussian-vae", 1, against_torch=False)
    assert [timing.path for timing in timings][:5] == [
        "trunk.0",
        "trunk.1",
        "trunk.2",
        "trunk.3",
        "mean",
    ]
    assert timings[0].input_shape == (400, 15)
    assert all(timing.forward > 0 and timing.backward > 0 for timing in timings)
    assert "trunk.0 Linear(15, 10)" in as_table(timings)


def test_a_stacked_recipe_takes_one_sample_at_a_time():
    assert {timing.input_shape[0] for timing in time_layers("stacked-09", 1, False)} == {1}


def test_beside_pytorch():
    pytest.importorskip("torch", reason="PyTorch is missing: pip install -e '.[parity]'")
    timings = time_layers("gaussian-vae", 1, against_torch=True)
    assert all(timing.torch_forward and timing.torch_backward for timing in timings)
    assert "ratio" in as_table(timings).splitlines()[0]


def test_the_command(capsys):
    assert main(["bench", "gaussian-vae", "--layers", "--rounds", "1", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["gaussian-vae"][0]["label"] == "Linear(15, 10)"


def test_the_figure(tmp_path):
    path = tmp_path / "ratios.png"
    draw_ratios([Timing("a", [1.0], [2.0], 1, 1), Timing("b", [2.0], [1.0], 1, 1)], path)
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(TinyaeError, match="--against torch"):
        draw_ratios([Timing("a", [1.0], [], 1, None)], path)


def test_a_figure_of_nothing_is_refused_before_anything_is_timed(capsys, tmp_path):
    assert main(["bench", "gaussian-vae", "--figure", str(tmp_path / "ratios.png")]) != 0
    error = capsys.readouterr().err
    assert "--against torch" in error
    assert "timing" not in error
