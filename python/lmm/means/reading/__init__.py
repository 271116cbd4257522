"""What a table of means tells: letters, arrows, effect sizes, other scales."""
