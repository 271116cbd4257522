"""Bases of one number, one file for each family."""
