"""Tests of tinyae.views.plots."""
