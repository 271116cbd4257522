"""Tests of whole terms of the fixed part."""
