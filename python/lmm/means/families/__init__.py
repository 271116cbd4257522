"""Families of contrasts and the names of their rows."""
