"""The model laid open: criterion, marginal model, simulation from parameters."""
