"""Bases of any number of numbers by distances between points."""
