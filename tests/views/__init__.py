"""Tests of tinyae.views."""
