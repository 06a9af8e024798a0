"""Tests of the backends floor."""
