"""Fetching from mirrors: only what is published takes its name, and nothing else is left."""

import contextlib
import gzip
import hashlib
import runpy
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tinyae.data import datasets, download, fetch
from tinyae.data.download import SOURCES, PublishedFile, Source
from tinyae.errors import TinyaeError

SCRIPTS = Path(__file__).parents[2] / "data_scripts"
IMAGES, LABELS = b"images " * 3000, b"labels " * 500
FILES = {"images.gz": gzip.compress(IMAGES), "labels.gz": gzip.compress(LABELS)}
REPACKED = {"images.gz": gzip.compress(IMAGES, 1), "labels.gz": gzip.compress(LABELS, 1)}


def published(name, with_payload=True):
    payload = gzip.decompress(FILES[name])
    sha256 = hashlib.sha256(payload).hexdigest() if with_payload else None
    return PublishedFile(name, hashlib.md5(FILES[name]).hexdigest(), sha256)


class Mirror:
    """A web server on this machine that answers as told and remembers what was asked."""

    def __init__(self, files, declared=None, status=200, pause=0.0, elsewhere=None):
        self.asked, self.closing = [], threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.rpartition("/")[2]
                mirror.asked.append(name)
                if elsewhere is not None:  # an address, or "" for this very one
                    self.send_response(302)
                    self.send_header("Location", f"{elsewhere}/{name}" if elsewhere else self.path)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return None
                body = files.get(name)
                if body is None:
                    return self.send_error(404)
                self.send_response(status)
                self.send_header("Content-Length", str(declared or len(body)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(body[:20])
                    self.wfile.flush()
                    mirror.closing.wait(pause)
                    self.wfile.write(body[20:])
                return None

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/data"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def mirror():
    with contextlib.ExitStack() as stack:

        def start(*args, **kwargs):
            server = Mirror(*args, **kwargs)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture(autouse=True)
def source(monkeypatch):
    """MNIST is two small files here, and comes from no mirror unless a test names one."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("TINYAE_DATA", raising=False)
    files = tuple(published(name) for name in FILES)
    monkeypatch.setitem(SOURCES, "mnist", Source(("http://127.0.0.1:9/nothing",), files))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_good_files_arrive_and_are_not_fetched_twice(tmp_path, mirror, capsys):
    good = mirror(FILES)
    paths = fetch("mnist", tmp_path, [good.url + "/"])
    assert paths == [tmp_path / "mnist" / name for name in FILES]
    assert contents(tmp_path) == FILES
    assert capsys.readouterr().out == ""  # progress goes to standard error
    assert fetch("mnist", tmp_path, [good.url]) == paths
    assert good.asked == list(FILES)


def test_the_mirrors_of_the_source_are_used(tmp_path, mirror, monkeypatch):
    monkeypatch.setitem(SOURCES, "mnist", Source((mirror(FILES).url,), SOURCES["mnist"].files))
    monkeypatch.setenv("TINYAE_DATA", str(tmp_path))
    fetch("mnist")
    assert contents(tmp_path / "mnist") == FILES


def test_the_same_content_packed_anew_counts(tmp_path, mirror):
    fetch("mnist", tmp_path, [mirror(REPACKED).url])
    assert contents(tmp_path) == REPACKED
    fetch("mnist", tmp_path, ["http://127.0.0.1:9/nothing"])  # and is known as whole later


def test_packed_anew_does_not_count_where_the_content_is_not_known(tmp_path, mirror, monkeypatch):
    files = tuple(published(name, with_payload=False) for name in FILES)
    monkeypatch.setitem(SOURCES, "mnist", Source((), files))
    with pytest.raises(TinyaeError, match=f"expected MD5 {files[0].md5}"):
        fetch("mnist", tmp_path, [mirror(REPACKED).url])
    fetch("mnist", tmp_path, [mirror(FILES).url])


BAD = {
    "missing": {"files": {}},
    "wrong": {"files": {name: gzip.compress(b"else") for name in FILES}},
    "a page": {"files": dict.fromkeys(FILES, b"<html>Please log in</html>")},
    "cut": {
        "files": {name: body[: len(body) // 2] for name, body in FILES.items()},
        "declared": 10**6,
    },
    "cut quietly": {"files": {name: body[:-9] for name, body in FILES.items()}},
    "longer": {"files": {name: body + b"\0more" for name, body in FILES.items()}},
    "server error": {"files": FILES, "status": 503},
    "redirecting to itself for ever": {"files": FILES, "elsewhere": ""},
    "redirecting to nothing": {"files": FILES, "elsewhere": "http://127.0.0.1:9"},
    "slower than the limit": {"files": FILES, "pause": 20},
}


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch):
    """Who sends nothing for a second is too slow."""
    monkeypatch.setattr(download, "_SECONDS", (5, 1))


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_mirror_is_told_and_leaves_nothing(tmp_path, mirror, kind):
    bad = mirror(**BAD[kind])
    with pytest.raises(TinyaeError) as told:
        fetch("mnist", tmp_path, [bad.url])
    assert f"{bad.url}/images.gz: " in str(told.value)
    assert "expected images.gz from one of 1 mirrors" in str(told.value)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("kind", BAD)
def test_the_next_mirror_takes_over_and_is_asked_first_from_then_on(tmp_path, mirror, kind, capsys):
    bad, good = mirror(**BAD[kind]), mirror(FILES)
    fetch("mnist", tmp_path, [bad.url, good.url])
    assert contents(tmp_path) == FILES
    assert set(bad.asked) == {"images.gz"}  # and never again
    assert good.asked == ["images.gz", "labels.gz"]
    assert "failed: " in capsys.readouterr().err


def test_a_mirror_that_redirects_to_a_good_one_is_followed(tmp_path, mirror):
    good = mirror(FILES)
    fetch("mnist", tmp_path, [mirror({}, elsewhere=good.url).url])
    assert contents(tmp_path) == FILES
    assert good.asked == list(FILES)


def test_where_a_redirection_leads_is_verified_too(tmp_path, mirror):
    wrong = mirror(**BAD["wrong"])
    with pytest.raises(TinyaeError, match="expected MD5"):
        fetch("mnist", tmp_path, [mirror({}, elsewhere=wrong.url).url])
    assert contents(tmp_path) == {}


def test_a_slow_mirror_that_goes_on_is_waited_for(tmp_path, mirror):
    fetch("mnist", tmp_path, [mirror(FILES, pause=0.3).url])
    assert contents(tmp_path) == FILES


def test_a_longer_first_answer_leaves_no_tail(tmp_path, mirror):
    long = mirror(dict.fromkeys(FILES, b"x" * 10**5))
    fetch("mnist", tmp_path, [long.url, mirror(FILES).url])
    assert contents(tmp_path) == FILES


def test_all_bad_tells_each_and_what_to_do(tmp_path, mirror):
    mirrors = [mirror(**BAD["missing"]).url, "http://127.0.0.1:9", mirror(**BAD["wrong"]).url]
    with pytest.raises(TinyaeError) as told:
        fetch("mnist", tmp_path, mirrors)
    message = str(told.value)
    assert [f"  {url}/images.gz: " in message for url in mirrors] == [True] * 3
    assert "404" in message
    assert "HTTPConnection" not in message
    assert "Connection refused" in message or "actively refused" in message
    assert "HTTPS_PROXY" in message
    assert str(tmp_path / "mnist" / "images.gz") in message
    assert contents(tmp_path) == {}


def test_one_file_may_arrive_while_another_cannot(tmp_path, mirror):
    half = mirror({"images.gz": FILES["images.gz"]})
    with pytest.raises(TinyaeError, match=r"labels\.gz"):
        fetch("mnist", tmp_path, [half.url])
    assert contents(tmp_path) == {"images.gz": FILES["images.gz"]}


def test_a_damaged_file_is_replaced_but_stays_while_there_is_nothing_better(tmp_path, mirror):
    fetch("mnist", tmp_path, [mirror(FILES).url])
    (tmp_path / "mnist" / "labels.gz").write_bytes(b"damaged")
    with pytest.raises(TinyaeError):
        fetch("mnist", tmp_path, ["http://127.0.0.1:9"])
    assert contents(tmp_path)["labels.gz"] == b"damaged"
    good = mirror(FILES)
    fetch("mnist", tmp_path, [good.url])
    assert contents(tmp_path) == FILES
    assert good.asked == ["labels.gz"]


def test_a_folder_that_cannot_be_written_to(tmp_path, mirror):
    (tmp_path / "mnist").touch()
    good = mirror(FILES)
    with pytest.raises(TinyaeError, match=r"fetch\('mnist'\): expected a place that can be writ"):
        fetch("mnist", tmp_path, [good.url])
    assert good.asked == []


def test_a_bomb_in_place_of_a_file_is_not_unpacked(tmp_path, mirror, monkeypatch):
    monkeypatch.setattr(download, "_LARGEST", 10**6)
    sizes = []

    class Counting(gzip.GzipFile):
        def read(self, size=-1):
            data = super().read(size)
            sizes.append(len(data))
            return data

    bomb = mirror({name: gzip.compress(bytes(30_000_000), 1) for name in FILES})
    monkeypatch.setattr(download.gzip, "GzipFile", Counting)
    with pytest.raises(TinyaeError, match="expected MD5"):
        fetch("mnist", tmp_path, [bomb.url])
    assert 10**6 < sum(sizes) < 3 * 10**6


@pytest.mark.parametrize("name", ["mnist", "kmnist", "fashion-mnist"])
def test_the_registry_is_complete_and_uses_https(name, monkeypatch):
    monkeypatch.undo()
    source = SOURCES[name]
    assert len(source.mirrors) >= 3
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in source.mirrors)
    folder = Path("folder")
    wanted = [path.name for split in datasets._SPLITS for path in datasets._paths(folder, split)]
    assert [file.name for file in source.files] == wanted
    assert all(len(bytes.fromhex(file.md5)) == 16 for file in source.files)
    known = [file.payload_sha256 for file in source.files if file.payload_sha256]
    assert all(len(bytes.fromhex(sha256)) == 32 for sha256 in known)
    assert len({file.md5 for file in source.files}) == 4


def test_script(tmp_path, mirror, capsys):
    main = runpy.run_path(str(SCRIPTS / "download.py"))["main"]
    good, bad = mirror(FILES), mirror({})
    arguments = ["mnist", "--root", str(tmp_path), "--mirror", bad.url, "--mirror", good.url]
    assert main(arguments) == 0
    written = capsys.readouterr().out.split()
    assert written == [str(tmp_path / "mnist" / name) for name in FILES]
    assert main(["mnits"]) == 2
    assert "error: fetch: expected one of" in capsys.readouterr().err
