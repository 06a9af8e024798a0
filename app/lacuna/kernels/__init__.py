"""Loops over pixels, compiled by numba, that run without the interpreter lock."""
