"""``import tinyae`` is quick and brings nothing that is not needed yet."""

import json
import subprocess
import sys

import pytest

HEAVY = ["matplotlib", "tqdm", "pooch", "scipy", "torch", "cupy", "IPython"]
LIMIT = 0.3
"""Seconds of processor time beyond the start of Python itself, NumPy's share included.

Unlike the clock on the wall, it does not run while other work has the processor.
"""

PROGRAM = """
import json, sys, time
start = time.process_time()
import numpy
between = time.process_time()
import tinyae
seconds = [time.process_time() - start, between - start]
print(json.dumps([seconds, [m for m in sys.argv[1:] if m in sys.modules], tinyae.__all__]))
"""


def fresh_import():
    """(seconds in all and for NumPy, heavy modules found, public names) of a new process."""
    command = [sys.executable, "-c", PROGRAM, *HEAVY]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def test_nothing_heavy_is_imported():
    _, found, _ = fresh_import()
    assert found == []


def test_it_is_quick():
    """The quickest of several tries, as other work on the machine can only slow one down."""
    tries = []
    for _ in range(8):
        tries.append(fresh_import()[0])
        if min(tries)[0] < LIMIT:
            return
    total, numpy = min(tries)
    pytest.fail(f"import tinyae took {total:.2f} s, NumPy's share {numpy:.2f} s; limit {LIMIT} s")


def test_every_public_name_is_there():
    import tinyae as ta

    for name in fresh_import()[2]:
        assert getattr(ta, name) is not None
