"""Exercises: their stubs, their checks, and the process in which a student's code is run."""

from tinyae.grading.evaluation import Grade
from tinyae.grading.exercises import Exercise, exercise_of, exercises
from tinyae.grading.expectations import expect, expect_true
from tinyae.grading.sandbox import grade

__all__ = ["Exercise", "Grade", "exercise_of", "exercises", "expect", "expect_true", "grade"]
