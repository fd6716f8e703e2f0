"""Tests of tinyae, in the layout of the package."""
