"""A real headless Chromium for the tests of pages, and what it notes while a page is open.

Use the fixture ``visit`` of ``tests/conftest.py``:

    def test_something(visit, tmp_path):
        with visit(tmp_path / "page.html", 390, 844, dark=True) as tab:
            tab.page.keyboard.press("ArrowRight")       # a Playwright page
            assert tab.page.locator("h1").inner_text() == "…"

When the block ends, an error in the console or a request to anywhere fails the test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROVIDED_BY = (
    "pip install 'tinyae[browser]', then apt-get install chromium or playwright install chromium"
)
LOCAL = ("file:", "data:", "blob:")
"""Addresses that no request leaves the machine for."""


@dataclass
class Tab:
    """An open page; ``errors`` of its console and ``requests`` to elsewhere gather in lists."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note errors and requests from now on."""
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note_message)
        self.page.on("request", lambda request: self._note_request(request.url))

    def _note_message(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _note_request(self, address: str) -> None:
        if not address.startswith(LOCAL):
            self.requests.append(address)


def program(playwright: Any) -> str | None:
    """The Chromium to start: Playwright's own, or one that is installed."""
    own = playwright.chromium.executable_path
    installed = (shutil.which(name) for name in PROGRAMS)
    return own if os.path.exists(own) else next(filter(None, installed), None)


@contextmanager
def running() -> Iterator[Any]:
    """A browser; skips where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason=f"no Playwright: {PROVIDED_BY}")
    with api.sync_playwright() as playwright:
        path = program(playwright)
        if path is None:
            pytest.skip(f"no Chromium: {PROVIDED_BY}")
        browser = playwright.chromium.launch(executable_path=path)
        try:
            yield browser
        finally:
            browser.close()


def visitor(browser: Any) -> Callable[..., Any]:
    """The function behind the fixture ``visit``."""

    @contextmanager
    def visit(
        path: Path, width: int = 1280, height: int = 800, dark: bool = False, hash: str = ""
    ) -> Iterator[Tab]:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=width < 600,
        )
        context.set_default_timeout(10_000)
        context.set_offline(True)
        try:
            tab = Tab(context.new_page())
            tab.watch()
            tab.page.goto(Path(path).resolve().as_uri() + hash)
            yield tab
            assert tab.errors == []
            assert tab.requests == []
        finally:
            context.close()

    return visit
