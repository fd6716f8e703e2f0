"""Checking hand-written gradients against numbers."""

from tinyae.checking.adjoint import check_adjoint
from tinyae.checking.divergence import check_kl
from tinyae.checking.gradcheck import gradcheck
from tinyae.checking.reductions import check_reduction
from tinyae.checking.report import Finding, Report, TensorResult
from tinyae.checking.sampling import check_sampling
from tinyae.checking.steps import check_step
from tinyae.checking.taylor import TaylorReport, check_taylor

__all__ = [
    "Finding",
    "Report",
    "TaylorReport",
    "TensorResult",
    "check_adjoint",
    "check_kl",
    "check_reduction",
    "check_sampling",
    "check_step",
    "check_taylor",
    "gradcheck",
]
