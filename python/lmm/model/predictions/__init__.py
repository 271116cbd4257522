"""Predictions, residuals and simulated responses of a fit."""
