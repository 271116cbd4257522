"""Parts of formulaic from which model matrices are built: its materializer, values of factors, and codings.

Loading this loads formulaic and pandas.
"""

from lmm.formula._formulaic import (
    Contrasts,
    ContrastsRegistry,
    CustomContrasts,
    Factor,
    FactorValues,
    FormulaicError,
    FormulaMaterializer,
    overriding,
)

__all__ = [
    "Contrasts",
    "ContrastsRegistry",
    "CustomContrasts",
    "Factor",
    "FactorValues",
    "FormulaMaterializer",
    "FormulaicError",
    "overriding",
]
