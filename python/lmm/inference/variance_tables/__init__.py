"""Tables of variances: components with their precision, shares."""
