"""Checks of smooth terms: whether bases are large enough, and whether terms can stand for one another."""
