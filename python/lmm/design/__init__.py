"""From a formula and a table to the arrays of a model.

`DesignSpec.learn` builds the `Design` of a fit: the response, the matrix X of the fixed part with names as formulaic
gives them, one block of Z for each random term, weights and offset, for the complete rows of the table. The spec keeps
the levels of factors, their coding and the state of transforms, and builds the design of any other table alike.

- All factors, ordered ones too, get treatment coding unless ``contrasts=`` or the formula says otherwise.
- Columns of X that are combinations of earlier ones stay in X; ``Design.kept`` says which ones count.
- Rows with a missing value in a used column, and rows of weight zero, are left out and counted; of an expression with
  ``is.na(x)`` the value decides, not its columns.
- What the data cannot identify is refused with a reason: see `lmm.design.checks`.
"""

from lmm.design.coding import CODINGS
from lmm.design.design import Design, FactorCoding, FixedTerm, RandomPart
from lmm.design.full_coding import FullTerm, full_terms, one_sided
from lmm.design.matrix import MatrixSpec
from lmm.design.residual_covariance import ResidualCovariance
from lmm.design.spec import DesignSpec
from lmm.design.user_block import UserBlock, block

__all__ = [
    "CODINGS",
    "Design",
    "DesignSpec",
    "FactorCoding",
    "FixedTerm",
    "FullTerm",
    "MatrixSpec",
    "RandomPart",
    "ResidualCovariance",
    "UserBlock",
    "block",
    "full_terms",
    "one_sided",
]
