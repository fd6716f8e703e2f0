"""Tests of tinyae.models."""
