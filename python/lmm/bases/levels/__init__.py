"""Bases in which levels of a factor take part."""
