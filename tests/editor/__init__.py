"""Tests of the program without its window."""
