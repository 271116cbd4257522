"""The reference grid: variables, levels, what is averaged over."""
