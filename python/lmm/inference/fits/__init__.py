"""Comparison of fits by likelihoods and information criteria."""
