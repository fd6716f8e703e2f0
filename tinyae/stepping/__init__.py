"""Stepping: a pass recorded layer by layer and line by line, as text and as a page."""

from tinyae.stepping.tape import Step, Tape
from tinyae.stepping.tracing import trace

__all__ = ["Step", "Tape", "trace"]
