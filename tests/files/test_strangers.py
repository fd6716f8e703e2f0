"""A file from a stranger loads to the right content or is refused with a sentence."""

import copy
import io
import json
import os
import pickle
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinyae as ta
from tinyae.files import archive, load, save

SEVERAL = settings(max_examples=250, deadline=None, derandomize=True, database=None)


def model():
    ta.seed(0)
    return ta.Sequential(
        ta.Linear(3, 4), ta.BatchNorm1d(4), ta.Sequential(ta.LeakyReLU(0.2), ta.Dropout(0.1))
    ).eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("strangers")


@pytest.fixture(scope="module")
def members(folder):
    """The members of a good file."""
    save(model(), folder / "good.npz")
    with zipfile.ZipFile(folder / "good.npz") as file:
        return {name: file.read(name) for name in file.namelist()}


def forge(path, members, **options):
    """A file of these members whose checksum fits."""
    members = {name: content for name, content in members.items() if name != archive.CHECKSUM}
    members[archive.CHECKSUM] = archive._checksum(members).encode()
    with zipfile.ZipFile(path, "w", **options) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def npy(array=None, **header):
    """An array as a member, or a header that says what one likes."""
    stream = io.BytesIO()
    if array is not None:
        np.save(stream, array)
    else:
        np.lib.format.write_array_header_1_0(stream, header)
        stream.write(bytes(48))
    return stream.getvalue()


def refused(path):
    """The message of the refusal, which names the file, comes soon and takes little memory."""
    start = time.perf_counter()
    with pytest.raises(ta.TinyaeError) as reason:
        load(path)
    assert time.perf_counter() - start < 2
    assert str(reason.value).startswith(f"{os.fspath(path)}: ")
    tracemalloc.start()  # which makes everything some times slower
    with pytest.raises(ta.TinyaeError):
        load(path)
    assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    tracemalloc.stop()
    return str(reason.value)


def assert_same(loaded, expected):
    assert repr(loaded) == repr(expected)
    before, after = expected.state_dict(), loaded.state_dict()
    assert list(before) == list(after)
    assert all(np.array_equal(after[name], before[name]) for name in before)


def test_forged_files_load_when_they_are_good(folder, members):
    assert_same(load(forge(folder / "copy.npz", members)), model())


# What is no such file


@pytest.mark.parametrize("content", [b"", b"weights", b"PK\5\6" + bytes(18), pickle.dumps({})])
def test_other_files(folder, content):
    (folder / "other").write_bytes(content)
    assert "expected a" in refused(folder / "other")


def test_folders_and_nothing(folder):
    assert "expected a file, found a folder" in refused(folder)
    assert "found nothing" in refused(folder / "nothing")
    assert "found nothing" in refused(f"{folder}/a\0b")
    if hasattr(os, "mkfifo"):  # opening it would wait for ever
        os.mkfifo(folder / "pipe")
        assert "found nothing" in refused(folder / "pipe")


def test_cut_short(folder, members):
    content = (folder / "good.npz").read_bytes()
    for length in range(0, len(content), 97):
        (folder / "cut.npz").write_bytes(content[:length])
        assert "cut short" in refused(folder / "cut.npz")


def test_arrays_alone_and_other_kinds(folder, members):
    np.savez(folder / "arrays.npz", weight=np.ones(3))
    assert "without description.json" in refused(folder / "arrays.npz")
    archive.write_archive(folder / "checkpoint.npz", "checkpoint", 1, {}, {})
    assert "expected a tinyae model" in refused(folder / "checkpoint.npz")


# What is not as it was written


def test_each_member_is_needed_and_guarded(folder, members):
    for name, content in members.items():
        others = {key: value for key, value in members.items() if key != name}
        for tampered in (
            others,
            others | {name: content[:-1] + bytes([content[-1] ^ 1])},
            others | {"x.npy": content},
        ):
            with zipfile.ZipFile(folder / "tampered.npz", "w") as file:
                for key, value in tampered.items():
                    file.writestr(key, value)
            message = refused(folder / "tampered.npz")
            assert "checksum" in message or "description" in message or "damaged" in message


def test_missing_and_left_over_arrays(folder, members):
    others = {name: content for name, content in members.items() if name != "0.bias.npy"}
    assert "the array '0.bias' is missing" in refused(forge(folder / "forged.npz", others))
    more = members | {"more.npy": npy(np.ones(2))}
    assert "no place for the arrays more" in refused(forge(folder / "forged.npz", more))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy(np.ones((4, 4), "f4")), r"Linear(3, 4): expected weight of shape (4, 3)"),
        (npy(np.ones((4, 3), "i4")), r"Linear(3, 4): expected weight"),
        (npy(np.array([["a", "b"]])), "expected an array of numbers"),
        (npy(descr="<f4", fortran_order=False, shape=(10**6, 10**6)), "in the file, got 48 bytes"),
        (npy(descr="<f4", fortran_order=False, shape=(-4, -3)), "in the file, got 48 bytes"),
        (npy(descr="<f4", fortran_order=False, shape=(0, 10**30)), "in the file, got 48 bytes"),
        (npy(descr="|O", fortran_order=False, shape=(6,)), "expected an array of numbers"),
        (npy(descr="|V10000000", fortran_order=False, shape=(1,)), "expected an array of numbers"),
        (npy(descr="(" * 900, fortran_order=False, shape=(1,)), "damaged"),
        (b"\x93NUMPY\x07\x00" + bytes(60), "damaged"),
        (b"PK\3\4", "damaged"),
    ],
)
def test_arrays_that_lie(folder, members, content, message):
    tampered = members | {"0.weight.npy": content}
    assert message in refused(forge(folder / "forged.npz", tampered))


def test_pickles_are_not_opened(folder, members):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(folder / "trapped"),)

    stream = io.BytesIO()
    np.save(stream, np.array([Trap()], dtype=object), allow_pickle=True)
    tampered = members | {"0.weight.npy": stream.getvalue()}
    assert "expected an array of numbers" in refused(forge(folder / "forged.npz", tampered))
    assert not (folder / "trapped").exists()


def test_archives_that_swell(folder, members):
    bomb = members | {"0.weight.npy": bytes(2**26)}
    forge(folder / "bomb.npz", bomb, compression=zipfile.ZIP_DEFLATED)
    assert os.path.getsize(folder / "bomb.npz") < 2**17
    assert "not compressed" in refused(folder / "bomb.npz")
    content = bytearray((folder / "good.npz").read_bytes())
    entry = content.rindex(b"PK\1\2")
    content[entry + 20 : entry + 28] = (2**31).to_bytes(4, "little") * 2
    (folder / "swollen.npz").write_bytes(content)
    assert "together no larger than the file" in refused(folder / "swollen.npz")


def test_archives_that_swell_more_than_they_say(folder, members):
    """bz2 is unpacked whole before anybody looks at the size."""
    with zipfile.ZipFile(folder / "bomb.npz", "w") as file:
        file.writestr("0.weight.npy", bytes(2**27), compress_type=zipfile.ZIP_BZIP2)
        for name, content in (members | {"0.weight.npy": b""}).items():
            if content:
                file.writestr(name, content)
    small = (folder / "bomb.npz").read_bytes().replace((2**27).to_bytes(4, "little"), b"\x09\0\0\0")
    (folder / "bomb.npz").write_bytes(small)
    assert "not compressed" in refused(folder / "bomb.npz")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_twice(folder, members):
    with zipfile.ZipFile(folder / "twice.npz", "w") as file:
        for name, content in [*members.items(), *members.items()]:
            file.writestr(name, content)
    assert "one of them twice" in refused(folder / "twice.npz")


def test_newer_and_older_formats(folder, members):
    for version, message in (
        (2, "written by a newer tinyae: format version 2, where this one reads versions up to 1"),
        (0, "expected a format version from 1, got 0"),
        ("1", "expected a format version from 1, got '1'"),
    ):
        description = json.loads(members["description.json"]) | {"version": version}
        tampered = members | {"description.json": json.dumps(description).encode()}
        with zipfile.ZipFile(folder / "newer.npz", "w") as file:  # newer checksums may differ
            for name, content in tampered.items():
                file.writestr(name, content)
        assert message in refused(folder / "newer.npz")


# What fits its checksum and makes no sense


def described(folder, members, change):
    """A file whose modules were changed."""
    description = json.loads(members["description.json"])
    change(description["modules"])
    return forge(
        folder / "forged.npz",
        members | {"description.json": json.dumps(description).encode()},
    )


def change(number, **fields):
    def changed(modules):
        modules[number].update(fields)

    return changed


def sizes(length, **fields):
    """A ``StackedAutoencoder`` of very many sizes."""
    arguments = {"sizes": [1] * length}
    return change(0, **{"class": "StackedAutoencoder"}, arguments=arguments, positional=1, **fields)


LINEAR, NORM, INNER = 1, 2, 3
HUGE = {"in_features": 10**9, "out_features": 10**9}
MISTAKES = {
    "unknown class": (change(LINEAR, **{"class": "Linea"}), "did you mean Linear"),
    "no class": (change(LINEAR, **{"class": None}), "unknown layer class None"),
    "a class of Python": (change(LINEAR, **{"class": "Popen"}), "unknown layer class 'Popen'"),
    "huge": (change(LINEAR, arguments=HUGE), "ask for far more numbers"),
    "large": (
        change(LINEAR, arguments={"in_features": 30_000, "out_features": 30_000}),
        "ask for far more numbers",
    ),
    "larger than any array": (
        change(LINEAR, arguments={"in_features": 10**400, "out_features": 2}),
        "cannot be built",
    ),
    "many features": (change(NORM, arguments={"num_features": 10**9}), "far more numbers"),
    "large kernel": (
        change(
            LINEAR,
            **{"class": "Conv2d"},
            arguments={"in_channels": 1, "out_channels": 1, "kernel_size": 40_000},
        ),
        "far more numbers",
    ),
    "very many layers": (sizes(50_000), "far more numbers"),
    "negative": (change(LINEAR, arguments={"in_features": -3, "out_features": 4}), "be built"),
    "text": (change(LINEAR, arguments={"in_features": "3", "out_features": 4}), "be built"),
    "no arguments": (change(LINEAR, arguments={}, positional=0), "cannot be built"),
    "unknown argument": (change(LINEAR, arguments={"size": 3}), "takes no argument size"),
    "odd argument": (change(LINEAR, arguments={"in_features": {"a": 1, "b": 2}}), "no sense"),
    "not this module": (change(0, children={"0": 99}), "module 99 is not described"),
    "no number": (change(0, children={"0": "1"}), "module '1' is not described"),
    "from the end": (change(0, children={"0": -1}), "module -1 is not described"),
    "itself": (change(0, children={"0": 0}), "contains itself"),
    "itself as argument": (
        change(INNER, arguments={"layers": {"tuple": [{"module": 0}]}}),
        "contains itself",
    ),
    "a method": (change(0, children={"forward": LINEAR}), "no place for a layer or array"),
    "the class": (change(0, children={"__class__": LINEAR}), "no place for a layer or array"),
    "an array for a method": (
        change(LINEAR, arrays={"weight": "0.weight", "backward": "0.bias"}),
        "no place for a layer or array called 'backward'",
    ),
    "another array": (
        change(LINEAR, arrays={"weight": "0.bias", "bias": "0.bias"}),
        "expected weight of shape (4, 3)",
    ),
    "a setting of its own": (change(LINEAR, changes={"danger": 1}), "has no setting 'danger'"),
    "its memory": (change(LINEAR, changes={"_arguments": 1}), "has no setting '_arguments'"),
    "a weight as setting": (change(LINEAR, changes={"weight": 1}), "has no setting 'weight'"),
    "modules": (lambda modules: modules.clear(), "is not described"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_descriptions_that_lie(folder, members, name):
    change, message = MISTAKES[name]
    assert message in refused(described(folder, members, change))


def test_very_many_paths(folder, members):
    """Forty layers, each of which contains the next one twice: a million million places."""

    def doubled(modules):
        entry = modules[0] | {"arguments": {}, "positional": 0}
        modules[:] = [
            entry | {"children": {"a": number + 1, "b": number + 1}} for number in range(40)
        ]
        modules.append(entry | {"children": {}})

    assert "shared too many times" in refused(described(folder, members, doubled))


def test_deep_nesting(folder, members):
    def nested(modules):
        entry = modules[0] | {"arguments": {}, "positional": 0}
        modules[:] = [entry | {"children": {"a": number + 1}} for number in range(20_000)]

    assert "got one that makes no sense" in refused(described(folder, members, nested))
    brackets = members | {"description.json": b"[" * 100_000}
    assert "damaged, cut short" in refused(forge(folder / "forged.npz", brackets))


def test_nesting_that_a_person_may_write_loads(folder):
    nested = ta.Linear(3, 4)
    for _ in range(50):
        nested = ta.Sequential(nested)
    save(nested, folder / "nested.npz")
    assert_same(load(folder / "nested.npz"), nested)


def test_own_classes_cannot_be_made_to_ask_for_much(folder):
    class Square(ta.Layer):
        def __init__(self, size):
            super().__init__()
            self.weight = ta.Parameter(np.zeros((size, size)))
            self.inner = ta.Linear(size, size)

    save(Square(2), folder / "square.npz")
    with zipfile.ZipFile(folder / "square.npz") as file:
        members = {name: file.read(name) for name in file.namelist()}
    path = described(folder, members, change(0, arguments={"size": 20_000}))
    tracemalloc.start()
    with pytest.raises(ta.TinyaeError, match="far more numbers"):
        load(path)
    zeros = 8 * 20_000**2  # asked for by the class itself, and never written to
    assert tracemalloc.get_traced_memory()[1] < zeros + 50 * 2**20
    tracemalloc.stop()


# What nobody has thought of


def outcome(path):
    """The model, or None when it was refused; nothing else may happen, and soon."""
    start, loaded, reason = time.perf_counter(), None, f"{path}: "
    try:
        loaded = load(path)
    except ta.TinyaeError as refusal:
        reason = str(refusal)
    assert reason.startswith(f"{path}: ")
    assert time.perf_counter() - start < 2
    return loaded


@given(st.data())
@SEVERAL
def test_mutated_bytes(folder, members, data):
    content = bytearray((folder / "good.npz").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(content) - 1))
        kind = data.draw(st.sampled_from(["flip", "set", "cut", "insert", "repeat"]))
        if kind == "flip":
            content[where] ^= 1 << data.draw(st.integers(0, 7))
        elif kind == "set":
            some = data.draw(st.sampled_from([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f"]))
            content[where : where + len(some)] = some
        elif kind == "cut":
            del content[where : where + data.draw(st.integers(1, 300))]
        elif kind == "insert":
            content[where:where] = data.draw(st.binary(min_size=1, max_size=20))
        else:
            content[where:where] = content[where : where + data.draw(st.integers(1, 300))]
    (folder / "mutated.npz").write_bytes(content)
    loaded = outcome(folder / "mutated.npz")
    if loaded is not None:
        assert_same(loaded, model())


def places(value):
    """Every container of a description with each key in it."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield value, key
        if isinstance(item, dict | list):
            yield from places(item)


NUMBERS = [None, True, -1, 0, 1, 3, 4, 2**31, 2**63, 10**30, 1.5, float("nan"), float("inf")]
WORDS = ["", "0", "Linear", "VAE", "weight", "0.bias", "forward", "__init__", "../../x"]
CONTAINERS = [[], {}, [1, 2], {"module": 0}, {"module": 2}, {"tuple": [1]}, {"tuple": 3}]
ODD = st.sampled_from([*NUMBERS, *WORDS, *CONTAINERS, {"dict": {"a": 1}}])


@given(st.data())
@SEVERAL
def test_mutated_descriptions(folder, members, data):
    description = json.loads(members["description.json"])
    for _ in range(data.draw(st.integers(1, 3))):
        every = list(places(description))
        container, key = every[data.draw(st.integers(0, len(every) - 1))]
        kind = data.draw(st.sampled_from(["replace", "remove", "rename", "copy"]))
        if kind == "remove":
            del container[key]
        elif kind == "rename" and isinstance(container, dict):
            container[str(data.draw(ODD))] = container.pop(key)
        elif kind == "copy":
            other, name = every[data.draw(st.integers(0, len(every) - 1))]
            container[key] = copy.deepcopy(other.get(name) if isinstance(other, dict) else other)
        else:
            container[key] = copy.deepcopy(data.draw(ODD))
    tampered = members | {"description.json": json.dumps(description).encode()}
    loaded = outcome(forge(folder / "mutated.npz", tampered))
    if loaded is not None:  # then it is a model of some kind, whose arrays are those of the file
        repr(loaded)
        content = {name: np.asarray(value).tobytes() for name, value in loaded.state_dict().items()}
        known = {value.tobytes() for value in model().state_dict().values()}
        assert set(content.values()) <= known
