"""Fits to simulated responses: bootstrap intervals and tests."""
