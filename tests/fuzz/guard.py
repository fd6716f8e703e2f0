"""What a file must not do while it is loaded, noticed by Python's audit hooks."""

from __future__ import annotations

import os
import sys
from typing import Any

FORBIDDEN = ("exec", "pickle.", "os.", "subprocess.", "socket.", "shutil.", "ctypes.", "import",
             "tempfile.", "urllib.", "marshal.", "sqlite3.", "glob.")  # fmt: skip
HARMLESS = {"os.scandir", "os.listdir"}


class Guard:
    """Collects what happens that should not, while a path is watched. A hook stays for ever."""

    def __init__(self) -> None:
        self.path: str | None = None
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def watch(self, path: str | os.PathLike[str]) -> None:
        """From now on only this file may be opened, and only for reading."""
        self.seen, self.path = [], os.fspath(path)

    def rest(self) -> list[str]:
        """Look away; what was seen."""
        self.path = None
        return self.seen

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.path is None:
            return
        if event == "open":
            file, _, flags = arguments
            if str(file) != self.path or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self.seen.append(f"open {file!r}")
        elif event.startswith(FORBIDDEN) and event not in HARMLESS:
            self.seen.append(f"{event} {str(arguments)[:80]}")


def limit_memory(room: int) -> None:
    """Let this process take so many bytes of address space more than it has now."""
    import resource

    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[0])
    most = pages * resource.getpagesize() + room
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def peak() -> int:
    """The most memory that this process ever had, in bytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
