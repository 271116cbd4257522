"""Tests of random and smooth terms by likelihood ratios: what is left out, and what the ratio is referred to."""
