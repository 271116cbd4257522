"""Labelled results of a fit."""
