"""Cross-products, factor and solves: the thin face of the compiled core, and its dense twin."""

from lmm.engine.batch import Batch, BatchResult
from lmm.engine.blocks import Block, GroupBlock, MatrixBlock
from lmm.engine.compiled import CrossProducts, sparse_cholesky
from lmm.engine.dense import DenseCrossProducts
from lmm.engine.results import Control, Evaluation, Optimum
from lmm.engine.user_block import block

__all__ = [
    "Batch",
    "BatchResult",
    "Block",
    "Control",
    "CrossProducts",
    "DenseCrossProducts",
    "Evaluation",
    "GroupBlock",
    "MatrixBlock",
    "Optimum",
    "block",
    "sparse_cholesky",
]
