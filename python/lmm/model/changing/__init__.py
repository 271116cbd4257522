"""A fit with a changed formula."""
