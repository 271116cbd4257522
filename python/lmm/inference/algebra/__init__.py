"""How the covariance of y moves with its parameters, as small arrays."""
