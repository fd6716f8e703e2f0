"""Checking hand-written gradients against numbers."""

from tinyae.checking.gradcheck import gradcheck
from tinyae.checking.report import Finding, Report, TensorResult

__all__ = ["Finding", "Report", "TensorResult", "gradcheck"]
