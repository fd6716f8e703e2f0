"""Tests of tinyae.recipes."""
