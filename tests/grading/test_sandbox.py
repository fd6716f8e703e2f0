"""Whatever a student's code does, the grader answers with a state and one sentence."""

import dataclasses
import os
import re
import signal
import sys
import time

import pytest

from tinyae.errors import TinyaeError
from tinyae.grading import grade
from tinyae.grading.evaluation import RIGHT, WRONG
from tinyae.grading.exercises import exercise_named

LAYER = """\
import os, sys, time
import tinyae as ta


class Twice(ta.Layer):
    def forward(self, x):
        {body}
        return 2 * x

    def backward(self, dy):
        return 2 * dy
"""

HOSTILE = {
    "an endless loop": ("while True: pass", "time-limit", r"within 3 s, it was in line 7"),
    "an endless wait": ("time.sleep(1000)", "time-limit", r"within 3 s, it was in line 7"),
    "sys.exit": ("sys.exit(0)", "raises", r"line 7, `.*`: the code ended the program"),
    "os._exit with success": ("os._exit(0)", "ended", r"ended its process \(status 0"),
    "a kill": ("os.kill(os.getpid(), 9)", "ended", "was killed"),
    "a crash": ("os.kill(os.getpid(), 11)", "ended", r"was killed \(SIGSEGV\)"),
    "a missing import": ("import no_such_thing", "raises", "no module 'no_such_thing'"),
    "a huge array": ("x = [0] * 10**12", "raises", "more memory than a check has"),
    "a huge NumPy array": ("import numpy as np; np.ones(10**12)", "raises", "more memory"),
    "many allocations": ("x = [bytes(10**8) for _ in range(99)]", "raises", "more memory"),
    "recursion": ("self.forward(x)", "raises", r"line 7, `.*`: .*\(RecursionError\)"),
    "an interrupt": ("raise KeyboardInterrupt", "raises", "line 7, `.*`: KeyboardInterrupt"),
    "a question": ("input('name? ')", "raises", "line 7, `.*`: the code asks for input"),
    "a mistake": ("1 / 0", "raises", "line 7, `.*`: .*division by zero"),
    "a syntax error": ("if x", "syntax-error", "line 7, `.*`: this is no Python: expected ':'"),
    "an indentation error": ("x\n   y = 1", "syntax-error", "line 8, `.*`: this is no Python"),
    "a null byte": ("x = '\0'", "syntax-error", "null bytes"),
}  # fmt: skip

HARMLESS = {
    "closed outputs": "sys.stdout.close(); sys.stderr.close()",
    "no standard output": "sys.stdout = sys.stderr = None",
    "another folder": "os.chdir('/')",
    "a file of its own": "open('left-behind', 'w').write('x')",
    "its own file overwritten": "open(sys.modules[type(self).__module__].__file__, 'w')",
    "files that are called as the grader's": "os.makedirs('result/trace/job.json', exist_ok=True)",
    "a folder that cannot be removed": "os.chmod('.', 0)",
    "a flood": "print('x' * 10**7)",
    "a JSON object": """print('{"state": "right"}')""",
}


def graded(tmp_path, body, **limits):
    """The grade of a layer whose forward pass begins with ``body``, and the file unharmed."""
    path = tmp_path / "student.py"
    path.write_text(LAYER.format(body=body))
    before = path.read_bytes(), path.stat().st_mtime_ns
    grade_of = grade(path, None, **limits)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["student.py"]
    return grade_of


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_gets_one_sentence(tmp_path, name):
    if name == "many allocations" and sys.platform != "linux":
        pytest.skip("memory is limited on Linux only: run this test there")
    body, code, sentence = HOSTILE[name]
    limits = {"seconds": 3} if code == "time-limit" else {}
    result = graded(tmp_path, body, **limits)
    (finding,) = result.findings
    assert (result.state, finding.mistake) == (WRONG, code)
    assert re.search(sentence, finding.message), finding.message
    assert "Traceback" not in finding.message
    assert "\n" not in finding.message


@pytest.mark.parametrize("name", HARMLESS)
def test_what_it_prints_closes_or_writes_is_no_part_of_the_grade(tmp_path, name):
    result = graded(tmp_path, HARMLESS[name])
    assert (result.state, result.findings) == (RIGHT, [])
    assert len(result.output) <= 2000


def test_what_it_printed_is_shown_up_to_a_limit(tmp_path):
    result = graded(tmp_path, "print('here I am')")
    assert "here I am\n" in result.output


def test_what_it_printed_cannot_steer_the_terminal(tmp_path):
    output = graded(tmp_path, r"print('\x1b[2Jgone\x07\tµ')").output
    assert "�[2Jgone�\tµ\n" in output


def test_its_own_processes_end_with_it(tmp_path):
    """A child that would sleep for minutes must neither hold the grader up nor stay behind."""
    note = tmp_path.parent / f"{tmp_path.name}.pid"
    body = (
        "import subprocess; child = subprocess.Popen(['sleep', '300']); "
        f"open({str(note)!r}, 'w').write(str(child.pid)); os._exit(3)"
    )
    start = time.monotonic()
    result = graded(tmp_path, body)
    assert time.monotonic() - start < 15
    assert "status 3" in result.findings[0].message
    deadline = time.monotonic() + 5
    while _runs(int(note.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(int(note.read_text()))


def _runs(pid):
    """Whether the process is alive; one that nobody has waited for yet is not."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_neighbour_can_be_imported(tmp_path):
    (tmp_path / "helper.py").write_text("FACTOR = 2\n")
    path = tmp_path / "student.py"
    path.write_text(LAYER.format(body="import helper; assert helper.FACTOR == 2"))
    assert grade(path, None).state == RIGHT
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["helper.py", "student.py"]


def test_a_neighbour_does_not_hide_the_library(tmp_path):
    """A student's numpy.py or random.py must not break the grader."""
    (tmp_path / "numpy.py").write_text("1 / 0\n")
    path = tmp_path / "student.py"
    path.write_text(LAYER.format(body=""))
    assert grade(path, None).state == RIGHT


def test_an_endless_loop_while_the_file_is_loaded(tmp_path):
    path = tmp_path / "01_1_linear_forward.py"
    path.write_text("while True:\n    pass\n")
    result = grade(path, exercise_named("01_1"), seconds=2)
    assert result.findings[0].mistake == "time-limit"
    assert result.exercise == "01_1_linear_forward"


def test_the_line_is_found_in_a_folder_with_accents(tmp_path):
    folder = tmp_path / "José Ψ 'x'"
    folder.mkdir()
    result = graded(folder, "while True: pass", seconds=3)
    assert "it was in line 7" in result.findings[0].message


def test_a_forged_result_does_not_break_the_grader(tmp_path):
    for content in ("[]", "3", "{}", '{"state": "right", "nonsense": 1, "findings": []}'):
        body = f"open('../result', 'w').write({content!r}); os._exit(0)"
        (finding,) = graded(tmp_path, body).findings
        assert finding.mistake == "ended"


def test_an_exercise_whose_check_is_broken_is_said_to_be_so(tmp_path):
    whole = exercise_named("01_1")
    broken = tmp_path / "teacher"
    broken.mkdir()
    text = whole.path.read_text(encoding="utf-8")
    (broken / whole.path.name).write_text(text.replace("# === check ===", ""))
    path = tmp_path / whole.path.name
    path.write_text(whole.solution)
    with pytest.raises(TinyaeError, match="expected a line '# === check"):
        grade(path, dataclasses.replace(whole, path=broken / whole.path.name))


def test_after_an_exit_hook_that_hangs_the_grade_stands(tmp_path):
    body = "import atexit; atexit.register(time.sleep, 100)"
    start = time.monotonic()
    assert graded(tmp_path, body).state == RIGHT
    assert time.monotonic() - start < 10


def test_ignored_signals_do_not_help(tmp_path):
    body = "import signal; [signal.signal(s, signal.SIG_IGN) for s in (2, 15)]; time.sleep(99)"
    assert graded(tmp_path, body, seconds=2).findings[0].mistake == "time-limit"
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe\x00", "expected a Python file in UTF-8"),
        (b"x = 1\n", "with neither"),
        (b"", "with neither"),
    ],
)
def test_files_that_cannot_be_graded_are_refused(tmp_path, content, sentence):
    path = tmp_path / "student.py"
    path.write_bytes(content)
    with pytest.raises(TinyaeError, match=sentence):
        grade(path, None)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.py", tmp_path):
        with pytest.raises(TinyaeError, match="check: "):
            grade(path, None)
