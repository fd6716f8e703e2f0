"""``tinyae check`` and ``tinyae learn`` as a student meets them."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tinyae as ta
from tinyae import cli
from tinyae.grading.exercises import exercise_named, exercises

COURSE = exercises()
NAME = f"{COURSE[0].name}.py"


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys, *words):
    status = cli.main(list(words))
    out, err = capsys.readouterr()
    return status, out, err


# check


def test_the_three_states_and_their_exit_status(desk, capsys):
    path = desk / NAME
    for source, state, status in (
        (COURSE[0].stub, "not started", 1),
        (COURSE[0].solution.replace(" + self.bias.value", ""), "wrong", 1),
        (COURSE[0].solution, "right", 0),
    ):
        path.write_text(source)
        assert run(capsys, "check", NAME)[0] == status
        got, out, _ = run(capsys, "check", NAME, "--json")
        result = json.loads(out.splitlines()[-1])
        assert (got, result["state"], result["exercise"]) == (status, state, COURSE[0].name)
        assert bool(result["findings"]) == (state == "wrong")
        assert result["warnings"] == []
        assert all(set(f) == {"tensor", "mistake", "message"} for f in result["findings"])
        assert f"{COURSE[0].name}: {state}" in out
        assert path.read_text() == source
    assert [entry.name for entry in desk.iterdir()] == [NAME]


def test_a_file_of_another_name_as_an_exercise(desk, capsys):
    (desk / "submission.py").write_text(COURSE[0].solution)
    status, out, _ = run(capsys, "check", "submission.py", "--exercise", COURSE[0].name)
    assert (status, out) == (0, f"{COURSE[0].name}: right\n")


def test_what_cannot_be_used_is_refused_in_a_line(desk, capsys):
    (desk / "empty.py").write_text("")
    for words in (["none.py"], ["empty.py"], ["empty.py", "--exercise", "99"]):
        status, out, err = run(capsys, "check", *words)
        assert (status, out) == (2, "")
        assert err.startswith("tinyae: ")
        assert err.count("\n") == 1


def test_a_time_limit_of_ones_own(desk, capsys):
    (desk / NAME).write_text("while True:\n    pass\n")
    status, out, _ = run(capsys, "check", NAME, "--seconds", "2")
    assert status == 1
    assert "within 2 s, it was in line" in " ".join(out.split())


# learn


def test_from_the_first_look_to_the_third_exercise(desk, capsys):
    folder = desk / "tinyae-exercises"
    status, out, _ = run(capsys, "learn")
    assert status == 0
    assert f"0 of {len(COURSE)}" in out
    assert COURSE[0].title in out
    assert " ".join(COURSE[0].task.split()) in " ".join(out.split())
    assert (folder / NAME).read_text() == COURSE[0].stub
    status, out, _ = run(capsys, "learn", "check")
    assert (status, "not started" in out) == (1, True)
    for number, exercise in enumerate(COURSE[:2]):
        (folder / exercise.path.name).write_text(exercise.solution)
        status, out, _ = run(capsys, "learn", "check")
        assert status == 0
        assert f"{exercise.name}: right" in out
        assert f"{number + 1} of {len(COURSE)}" in out
        assert COURSE[number + 1].title in out
    assert (folder / COURSE[2].path.name).read_text() == COURSE[2].stub


def test_hints_come_one_after_the_other_and_the_last_one_stays(desk, capsys):
    shown = [run(capsys, "learn", "hint")[1] for _ in range(len(COURSE[0].hints) + 1)]
    for hint, text in zip(COURSE[0].hints, shown, strict=False):
        assert hint in text
    assert shown[-1] == shown[-2]


def test_what_the_student_wrote_is_never_overwritten(desk, capsys):
    run(capsys, "learn")
    path = desk / "tinyae-exercises" / NAME
    path.write_text("x = 'my work'\n")
    for action in ([], ["check"], ["skip"], ["hint"], ["list"]):
        run(capsys, "learn", *action)
    assert path.read_text() == "x = 'my work'\n"


def test_a_folder_of_ones_own_and_from_inside_it(desk, capsys, monkeypatch):
    assert "tinyae learn mine check" in run(capsys, "learn", "mine")[1]
    assert (desk / "mine" / NAME).exists()
    run(capsys, "learn", "skip", "mine")
    monkeypatch.chdir(desk / "mine")
    _, out, _ = run(capsys, "learn")
    assert COURSE[1].title in out
    assert not (desk / "mine" / "tinyae-exercises").exists()


def test_skipped_exercises_come_back_at_the_end(desk, capsys):
    run(capsys, "learn", "skip")
    known = {"right": [e.name for e in COURSE[1:]], "skipped": [COURSE[0].name], "hints": {}}
    (desk / "tinyae-exercises" / "progress.json").write_text(json.dumps(known))
    assert COURSE[0].title in run(capsys, "learn")[1]
    (desk / "tinyae-exercises" / NAME).write_text(COURSE[0].solution)
    assert "All exercises are right" in run(capsys, "learn", "check")[1]
    status, _, err = run(capsys, "learn", "hint")
    assert (status, "none left" in err) == (2, True)


def test_a_right_answer_counts_when_the_file_is_checked_by_name(desk, capsys):
    run(capsys, "learn")
    path = desk / "tinyae-exercises" / NAME
    path.write_text(COURSE[0].solution)
    run(capsys, "check", str(path))
    assert COURSE[1].title in run(capsys, "learn")[1]


def test_the_list_marks_what_is_done_and_what_is_next(desk, capsys):
    run(capsys, "learn")
    known = {"right": [COURSE[0].name], "skipped": [], "hints": {}}
    (desk / "tinyae-exercises" / "progress.json").write_text(json.dumps(known))
    lines = run(capsys, "learn", "list")[1].splitlines()
    assert lines[:3] == [f"✓ {COURSE[0].title}", f"→ {COURSE[1].title}", f"  {COURSE[2].title}"]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"right": 3, "skipped": [], "hints": {}}'])
def test_a_damaged_progress_file_is_refused_and_kept(desk, capsys, content):
    (desk / "progress.json").write_text(content)
    status, _, err = run(capsys, "learn")
    assert (status, "your solutions stay" in err) == (2, True)
    assert (desk / "progress.json").read_text() == content


def test_a_misspelt_action_makes_no_folder(desk, capsys):
    status, _, err = run(capsys, "learn", "hnit")
    assert (status, "did you mean 'hint'?" in err) == (2, True)
    assert list(desk.iterdir()) == []


def test_two_actions_are_refused(desk, capsys):
    for words in (["hint", "check"], ["here", "there"]):
        status, _, err = run(capsys, "learn", *words)
        assert (status, "expected one of hint, check" in err) == (2, True)


# watch, in a terminal


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal (Linux, macOS)")
def test_watch_checks_on_save_goes_on_and_ends_with_control_c(desk):
    root = str(Path(ta.__file__).parents[1])
    master, slave = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1", "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tinyae", "learn", "watch"],
        stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=desk, start_new_session=True,
    )  # fmt: skip
    try:
        screen = _until(master, "watching tinyae-exercises/01_1")
        assert COURSE[0].title in screen
        path = desk / "tinyae-exercises" / NAME
        path.write_text(COURSE[0].solution.replace(" + self.bias.value", ""))
        screen = _until(master, "watching tinyae-exercises/01_1")
        assert "wrong" in screen
        path.write_text(COURSE[0].solution)
        screen = _until(master, "watching tinyae-exercises/01_2")
        assert "right" in screen
        os.killpg(process.pid, signal.SIGINT)
        screen = _until(master, "goes on from here")
        assert process.wait(10) == 0
        assert "Traceback" not in screen
    finally:
        process.kill()
        process.wait()
        os.close(slave)
        os.close(master)


def _until(terminal, words, seconds=30):
    screen, end = "", time.monotonic() + seconds
    while words not in screen:
        left = end - time.monotonic()
        assert left > 0, f"never came: {words!r}; the screen:\n{screen}"
        if select.select([terminal], [], [], left)[0]:
            screen += os.read(terminal, 65536).decode("utf-8", "replace")
    return screen


def test_a_bias_gradient_averaged_in_a_file_of_ones_own(desk, capsys):
    source = exercise_named("01_2").solution.replace("dy.sum(axis=0)", "dy.mean(axis=0)")
    (desk / "my_layers.py").write_text(source)
    status, out, _ = run(capsys, "check", "my_layers.py")
    assert status == 1
    assert "averaged over the batch" in " ".join(out.split())
