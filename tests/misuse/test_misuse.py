"""Every public call, every argument, everything it cannot be: a sentence that names it."""

import inspect
from types import ModuleType

import matplotlib
import pytest

import tinyae as ta
from tests.misuse.calls import every_call
from tests.misuse.values import BAD, fits, outcome
from tinyae.data import download

matplotlib.use("Agg")

ELSEWHERE = {
    "Layer": "abstract: used through its subclasses",
    "Module": "abstract: used through its subclasses",
    "TinyaeError": "the refusal itself",
    "History": "a dict; its method record is in the table",
    "Checkpoints": "tests/test_checkpoints.py",
    "num_threads": "takes nothing",
    "recipes.Result": "what comes out, never what goes in",
    "recipes.Recipe": "made by the package; its method run is in the table",
}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return every_call(tmp_path_factory.mktemp("misuse"))


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """Files with odd names stay in the test's own folder; nothing is downloaded."""

    def offline(*_):
        raise OSError("no network in this test")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TINYAE_DATA", str(tmp_path))
    monkeypatch.setattr(download, "_download", offline)


def public_names():
    for name in ta.__all__:
        value = getattr(ta, name)
        if isinstance(value, ModuleType):
            inner = (f"{name}.{each}" for each in value.__all__)
            yield from (each for each in inner if callable(_get(each)))
        else:
            yield name


def _get(path):
    value = ta
    for name in path.split("."):
        value = getattr(value, name)
    return value


def test_everything_public_is_in_the_table(table):
    missing = set(public_names()) - table.keys() - ELSEWHERE.keys()
    assert not missing


def test_every_argument_is_in_the_table(table):
    """What a constructor or a function takes is spoilt, root= of data sets excepted."""
    for name in set(public_names()) & table.keys() - {"array_module", "Sequential"}:
        parameters = inspect.signature(_get(name)).parameters.keys() - {"args", "kwargs", "root"}
        calls = [key for key in table if key == name or key.startswith((f"{name} of", f"{name} w"))]
        given = {argument for key in calls for argument in table[key]()[1]}
        assert parameters - given == set(), name


HOOKS = {
    "Layer": {"forward", "backward", "accumulate"},
    "Module": {"accumulate"},
    "Optimizer": {"update", "check_settings"},
    "Loss": {"terms", "gradient", "check", "check_target", "check_finite"},
    "Checkpoints": {"keep"},
}
"""Methods that a subclass writes or the package calls, each behind one that is in the table."""


def test_every_method_that_takes_something_is_in_the_table(table):
    """By the class it is asked of, or by the one that has it."""
    missing = set()
    for name in public_names():
        line = getattr(_get(name), "__mro__", ())
        homes = [cls for cls in line if cls.__module__.startswith("tinyae.")]
        inner = {hook for cls in homes for hook in HOOKS.get(cls.__name__, ())}
        for home in homes if name not in ("Layer", "Module") else ():
            for method, function in vars(home).items():
                if method.startswith("_") or not inspect.isfunction(function):
                    continue
                known = {f"{cls}.{method}" for cls in (name, home.__name__)} & table.keys()
                takes = len(inspect.signature(function).parameters) > 1
                if takes and not known and method not in inner:
                    missing.add(f"{name}.{method}")
    assert not missing


def test_good_calls_are_good(table, nowhere):
    refusals = {}
    for name, good in table.items():
        function, arguments = good()
        try:
            function(**arguments)
        except Exception as reason:
            refusals[name] = f"{type(reason).__name__}: {reason}"
    assert refusals.pop("data.fetch").startswith("TinyaeError: fetch: expected train-images")
    assert refusals == {}


@pytest.mark.filterwarnings("ignore")
def test_bad_arguments_are_refused_by_name(table, nowhere):
    failures, tried = [], 0
    for name, good in table.items():
        for argument in good()[1]:
            for bad, make in BAD.items():
                if not fits(argument, bad):
                    continue
                tried += 1
                if wrong := outcome(good, argument, make):
                    failures.append(f"{name}({argument}={bad}): {wrong}"[:300])
                ta.use("numpy")
                ta.set_num_threads(1)
    assert not failures, "\n".join([f"{len(failures)} of {tried}", *failures])
    assert tried > 5000


def test_the_table_notices(monkeypatch):
    def crashes(x):
        raise KeyError(x)

    def says_nothing(x):
        raise ta.TinyaeError("no")

    assert outcome(lambda: (crashes, {"x": 1}), "x", object).startswith("KeyError")
    assert outcome(lambda: (says_nothing, {"x": 1}), "x", object).startswith("does not name it")
    assert outcome(lambda: (str, {}), "object", object) == ""
