"""The version, from the metadata of the installed package: one source, ``pyproject.toml``."""

from __future__ import annotations

from importlib.metadata import version

__version__ = version("lmm")
