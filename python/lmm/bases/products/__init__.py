"""Tensor products of other bases."""
