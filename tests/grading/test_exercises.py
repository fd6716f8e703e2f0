"""Every exercise of the course: the solution right, the stub not started, wrong answers wrong."""

from pathlib import Path

import pytest

from tinyae import backend
from tinyae.errors import TinyaeError
from tinyae.grading.evaluation import NOT_STARTED, RIGHT, WRONG, evaluate
from tinyae.grading.exercises import (
    UNWRITTEN,
    exercise_named,
    exercise_of,
    exercises,
    read,
    wrong_answers,
)
from tinyae.lessons import course_folder, lessons

COURSE = exercises()
every_exercise = pytest.mark.parametrize("exercise", COURSE, ids=lambda exercise: exercise.name)

WRONG_ANSWERS = [
    pytest.param(exercise, source, id=f"{exercise.name}: {name}")
    for exercise in COURSE
    for name, source in wrong_answers(exercise).items()
]


@pytest.fixture(autouse=True)
def _backends(monkeypatch):
    """A check may make a backend known."""
    monkeypatch.setattr(backend, "_modules", dict(backend._modules))


def graded(exercise, source):
    """In this process, as one process a case would take minutes; test_sandbox has those."""
    return evaluate(source, Path("student") / exercise.path.name, exercise)


@every_exercise
def test_the_solution_is_right(exercise):
    grade = graded(exercise, exercise.solution)
    assert (grade.state, grade.findings, grade.warnings) == (RIGHT, [], [])
    assert grade.exercise == exercise.name


@every_exercise
def test_the_stub_is_not_started(exercise):
    """Also when the student has only written a comment."""
    for source in (exercise.stub, f"{exercise.stub}\n# I'll do this tomorrow\n"):
        grade = graded(exercise, source)
        assert (grade.state, grade.findings) == (NOT_STARTED, [])


@pytest.mark.parametrize(("exercise", "source"), WRONG_ANSWERS)
def test_wrong_answers_are_wrong(exercise, source):
    grade = graded(exercise, source)
    assert grade.state == WRONG
    assert grade.findings
    for finding in grade.findings:
        assert finding.tensor
        assert finding.mistake
        assert "\n" not in finding.message
        assert "could not work with" not in finding.message, "no diagnosis"


@every_exercise
def test_the_form(exercise):
    number = f"{exercise.lesson}.{exercise.name[3]} "
    assert exercise.title.startswith(number)
    assert len(exercise.task.splitlines()) >= 2
    assert 1 <= len(exercise.hints) <= 4
    assert all(len(line) <= 100 for line in exercise.stub.splitlines())
    assert "Hint" not in exercise.stub
    assert "grading" not in exercise.stub
    assert "WRONG" not in exercise.stub
    assert "# --- at first" not in exercise.stub + exercise.solution
    assert exercise.stub != exercise.solution


def test_every_lesson_has_two_to_six():
    for lesson in lessons(course_folder()):
        number = int(lesson.path.name[:2])
        count = sum(exercise.lesson == number for exercise in COURSE)
        assert 2 <= count <= 6, lesson.path.name


def test_they_are_numbered_without_gaps():
    for number in {exercise.lesson for exercise in COURSE}:
        places = [int(exercise.name[3]) for exercise in COURSE if exercise.lesson == number]
        assert places == list(range(1, len(places) + 1))


# cutting

FILE = '''\
"""1.1 A title

The task.

Hint: One
of two lines.

Hint: Two.
"""

def double(x):
    # --- your code ---
    return 2 * x
    # --- end ---


def half(x):
    # --- your code ---
    return x / 2
    # --- at first ---
    # y = x / 2
    # --- end ---


# === check ===
def check(student):
    yield []


WRONG = {"four times": ("2 * x", "4 * x")}
'''


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "01_1_title.py"
        path.write_text(text)
        return path

    return write


def test_what_is_cut_from_a_file(written):
    exercise = read(written(FILE))
    assert (exercise.title, exercise.task) == ("1.1 A title", "The task.")
    assert exercise.hints == ["One of two lines.", "Two."]
    assert exercise.stub == (
        '"""1.1 A title\n\nThe task.\n"""\n\ndef double(x):\n    # --- your code ---\n'
        f'    raise NotImplementedError("{UNWRITTEN}")\n    # --- end ---\n\n\n'
        "def half(x):\n    # --- your code ---\n    y = x / 2\n    # --- end ---\n"
    )
    assert "    return 2 * x\n    # --- end ---" in exercise.solution
    assert "at first" not in exercise.solution


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("\n\nThe task.\n\nHint: One\nof two lines.\n\nHint: Two.", "a docstring with title"),
        ("Hint: ", "a paragraph 'Hint"),
        ("# --- end ---", "a region between"),
        ("# === check ===", "a line '# === check"),
    ],
)
def test_a_file_that_lacks_a_part_is_refused_by_name(written, part, message):
    with pytest.raises(TinyaeError, match=f"01_1_title.py: expected {message}"):
        read(written(FILE.replace(part, "")))


def test_a_wrong_answer_that_changes_nothing_is_refused(written):
    for old in ("3 * x", "x"):
        exercise = read(written(FILE.replace('"2 * x", "4', f'"{old}", "4')))
        with pytest.raises(TinyaeError, match="once in the student's part"):
            wrong_answers(exercise)


def test_a_wrong_answer_changes_the_marked_part_only(written):
    answers = wrong_answers(read(written(FILE.replace("The task.", "Write 2 * x."))))
    assert "return 4 * x" in answers["four times"]
    assert "Write 2 * x." in answers["four times"]


# finding


def test_an_exercise_is_known_by_its_file_name(tmp_path):
    known = exercise_of(tmp_path / COURSE[0].path.name)
    assert known is not None
    assert known.name == COURSE[0].name
    for name in ("01_1.py", "mine.py", "course.py", f"{COURSE[0].name}.txt"):
        assert exercise_of(tmp_path / name) is None


def test_an_exercise_by_the_beginning_of_its_name():
    assert exercise_named("01_2") is not None
    for name in ("01", "99", ""):
        with pytest.raises(TinyaeError, match="expected the name of one of"):
            exercise_named(name)


# the student's side


def source_of(name, old, new):
    return exercise_named(name).solution.replace(old, new)


def test_one_of_two_parts_written_is_wrong_and_said_so():
    exercise = exercise_named("04_2")
    first, _, second = exercise.stub.rpartition(f'raise NotImplementedError("{UNWRITTEN}")')
    grade = graded(exercise, first.replace("raise Not", "# raise Not") + "return 0 * x" + second)
    assert grade.state == WRONG
    half = exercise.solution.replace(
        "return dy * self.mask", f'raise NotImplementedError("{UNWRITTEN}")'
    )
    grade = graded(exercise, half)
    assert (grade.state, grade.findings[0].mistake) == (WRONG, "unfinished")


def test_a_renamed_class_is_named():
    grade = graded(exercise_named("01_1"), source_of("01_1", "class MyLinear", "class Linear"))
    assert "no 'MyLinear'" in grade.findings[0].message


def test_a_return_that_was_forgotten_is_asked_for():
    for name, line in (
        ("01_1", "return x @ self.weight.value.T + self.bias.value"),
        ("01_2", "return dy @ self.weight.value"),
        ("05_2", "return loss, d_x / len(t)"),
        ("06_1", "return mean + np.exp(0.5 * log_var) * rng.standard_normal(mean.shape)"),
        ("06_3", "return value, d_mean, d_log_var"),
        ("11_3", "return running_mean, running_var"),
    ):
        (finding,) = graded(exercise_named(name), source_of(name, line, "pass")).findings
        assert "is `return` missing?" in finding.message, (name, finding.message)


def test_the_line_of_a_mistake_is_named():
    source = source_of("06_3", "variance = np.exp(log_var)", "variance = np.expp(log_var)")
    line = next(i for i, text in enumerate(source.splitlines(), 1) if "expp" in text)
    (finding,) = graded(exercise_named("06_3"), source).findings
    assert "AttributeError" in finding.message
    source = source_of(
        "01_4", "for parameter in layer.parameters():", "for p in layer.parameters(:"
    )
    (finding,) = graded(exercise_named("01_4"), source).findings
    assert finding.mistake == "syntax-error"
    assert finding.message.startswith("line ")
    assert line


def test_an_answer_written_in_another_way_is_right():
    source = source_of("06_1", "np.exp(0.5 * log_var)", "np.sqrt(np.exp(log_var))")
    assert graded(exercise_named("06_1"), source).state == RIGHT
    source = source_of("01_2", "dy.T @ self.x", "np.einsum('ni,nj->ij', dy, self.x)")
    assert graded(exercise_named("01_2"), source).state == RIGHT
