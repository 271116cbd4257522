"""From the text of a formula to its terms.

`parse` cuts ``response ~ fixed part + (effects | group)`` into its parts and checks each; nothing is evaluated, and
neither formulaic nor pandas is loaded. What a term means is decided here; its columns are made by `lmm.design`.

A formula cannot run code. Expressions become trees of columns, constants, operators and calls
(`lmm.formula.expression_tree`), and a call is one of the functions of `lmm.formula.signatures`, by name.

Random terms
    ``(1 | g)``, ``(x | g)``, ``(0 + x | g)``, ``(a*b | g)``: intercept and slopes, with all their correlations.
    ``(x || g)`` and ``diag(x | g)``: no correlations at all, also none between the levels of a factor ``x`` (lme4
    keeps those). ``us(x | g)`` is ``(x | g)``.
Grouping factors
    ``a/b`` gives ``a`` and ``a:b``; ``a*b`` gives ``a``, ``b`` and ``a:b``; ``a:b`` and ``b %in% a`` the combinations
    alone. ``C(day)`` is ``day``, for behind a bar all values are levels.
Fixed part
    ``+ - * / : ^ %in%`` and parentheses as in R; ``offset(z)``; calls and ``{...}`` are expressions.
Smooth terms
    ``s(x, bs="cr", k=10)``, ``te(x, z)``, ``ti(x, z)``, ``t2(x, z)`` with the arguments of mgcv, in R's spelling or
    Python's; ``s(x, by=f)`` for curves by a factor. They are added like other terms and stand in no product.
Left side
    A column or an expression: ``log(y)``; operators are arithmetic there, ``y/10`` is ``I(y / 10)``.
Inside calls
    Operators bind as in R: ``2*x %% 3`` is ``2 * (x %% 3)``, ``x > 2 & x < 5`` needs no parentheses. R's ``x^2``,
    ``TRUE``, ``NULL``, ``c(1, 2)``, ``factor(x)``, ``%in%``, ``pi``, ``Boundary.knots=``, and Python's ``x**2``,
    ``True``, ``[1, 2]``, ``and``, ``x.clip(0, 1)`` are read alike; names with dots are columns.
"""

from lmm.formula.parser import parse
from lmm.formula.terms import Formula, Given, Listed, RandomTerm, SmoothTerm, SmoothValue

__all__ = ["Formula", "Given", "Listed", "RandomTerm", "SmoothTerm", "SmoothValue", "parse"]
