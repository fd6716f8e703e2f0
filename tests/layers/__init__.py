"""Tests of tinyae.layers."""
