"""Adjustments for several tests."""
