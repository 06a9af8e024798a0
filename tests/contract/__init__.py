"""Tests of the contract floor."""
