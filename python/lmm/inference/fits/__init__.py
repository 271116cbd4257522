"""Comparison of fits, and tests of random terms."""
