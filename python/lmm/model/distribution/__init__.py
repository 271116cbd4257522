"""The distribution of the response: what is there, and what is planned."""
