"""Cross-products, factor and solves: the thin face of the compiled core, and its dense twin."""

from lmm.engine.batch import Batch, BatchResult
from lmm.engine.blocks import Block, GroupBlock, LabelledBlock, MatrixBlock
from lmm.engine.compiled import Chart, CrossProducts, sparse_cholesky
from lmm.engine.dense import DenseCrossProducts
from lmm.engine.products import Products
from lmm.engine.results import Control, Deviance, Evaluation, Optimum, Spread
from lmm.engine.surface import Check, Held, Place, Reached, Surface, Trace
from lmm.engine.user_block import block

__all__ = [
    "Batch",
    "BatchResult",
    "Block",
    "Chart",
    "Check",
    "Control",
    "CrossProducts",
    "DenseCrossProducts",
    "Deviance",
    "Evaluation",
    "GroupBlock",
    "Held",
    "LabelledBlock",
    "MatrixBlock",
    "Optimum",
    "Place",
    "Products",
    "Reached",
    "Spread",
    "Surface",
    "Trace",
    "block",
    "sparse_cholesky",
]
