"""Single rows: predictions, deletion, influence, simulated residuals."""
