"""A file appears whole or not at all."""

from pathlib import Path

import pytest

from tinyae.atomic import whole_file


def test_file_appears_only_at_the_end_and_folders_are_made(tmp_path):
    path = tmp_path / "new" / "folder" / "file"
    with whole_file(path) as stream:
        stream.write(b"whole")
        stream.flush()
        assert not path.exists()
        assert Path(stream.name).read_bytes() == b"whole"
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("trouble", [RuntimeError, KeyboardInterrupt])
def test_trouble_leaves_the_old_file_and_nothing_else(tmp_path, trouble):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(trouble), whole_file(path) as stream:  # noqa: PT012
        stream.write(b"half")
        raise trouble
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_at_once_do_not_mix(tmp_path):
    path = tmp_path / "file"
    with whole_file(path) as first, whole_file(path) as second:
        first.write(b"first")
        second.write(b"second")
    assert path.read_bytes() == b"first"  # the outer block ends last
    assert list(tmp_path.iterdir()) == [path]
