"""Pages that need nothing else: slots, data inside them, the policy, writing."""

import base64
import hashlib
import json
import os

import numpy as np
import pytest

from tinyae.errors import TinyaeError
from tinyae.pages import Page, as_base64, as_json, fill, policy, write_page


def test_slots_are_filled_once():
    """A text that looks like a slot stays as it is."""
    template = "a <!--[one]--> b <!--[two]--> c <!--[one]-->"
    filled = fill(template, {"one": "<!--[two]-->", "two": "2"})
    assert filled == "a <!--[two]--> b 2 c <!--[two]-->"


def test_json_cannot_leave_its_element():
    value = ["</script>", "<!--", "a & b", 'quote "']
    assert "<" not in as_json(value)
    assert json.loads(as_json(value)) == value


def test_json_has_no_numbers_that_browsers_refuse():
    with pytest.raises(ValueError, match="JSON"):
        as_json(float("nan"))


def test_numbers_come_back_whatever_their_order_in_memory():
    array = np.arange(6, dtype=">f8").reshape(2, 3)
    read = np.frombuffer(base64.b64decode(as_base64(array.T, "<f4")), "<f4")
    assert read.tolist() == [0, 3, 1, 4, 2, 5]


def test_the_policy_allows_one_script_and_one_style():
    words = policy("script", "style")
    for text in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{text}-src 'sha256-{digest}'" in words
    assert "default-src 'none'" in words
    assert "http" not in words


def test_a_page_is_written_and_shows_itself(tmp_path):
    page = write_page("owner", tmp_path / "new" / "page.html", '<p title="σ">')
    assert page.path.read_text("utf-8") == '<p title="σ">'
    assert 'srcdoc="&lt;p title=&quot;σ&quot;&gt;"' in page._repr_html_()
    assert repr(page) == f"Page({str(page.path)!r})"
    assert os.fspath(page) == str(page.path)
    assert isinstance(page, Page)


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(TinyaeError, match=r"owner: cannot write .*page\.html"):
        write_page("owner", tmp_path / "file" / "page.html", "")
    assert (tmp_path / "file").read_text() == "kept"
