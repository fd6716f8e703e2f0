"""Tests of tinyae.files."""
