"""What is tested: rows of contrasts from text, matrices and terms, and whether they can be estimated."""
