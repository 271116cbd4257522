"""What formulaic computes for us: bases of splines, and codings of factors.

Loading this loads formulaic and pandas.
"""

from lmm.formula._formulaic import SPLINES, Contrasts, ContrastsRegistry

__all__ = ["SPLINES", "Contrasts", "ContrastsRegistry"]
