"""Smooth terms: their coefficients with covariances, effective degrees of freedom, tests, tables and curves."""
