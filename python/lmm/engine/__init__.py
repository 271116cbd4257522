"""Cross-products, factor and solves: the thin face of the compiled core, and its dense twin."""

from lmm.engine.batch import Batch, BatchResult
from lmm.engine.blocks import Block, GroupBlock, MatrixBlock
from lmm.engine.chart import Chart
from lmm.engine.compiled import CrossProducts, sparse_cholesky
from lmm.engine.dense import DenseCrossProducts
from lmm.engine.known import root_of_covariance, root_of_precision
from lmm.engine.local_block import LocalBlock, local_columns, local_summary
from lmm.engine.plates import line_pairs
from lmm.engine.products import Products
from lmm.engine.results import Control, Deviance, Evaluation, Optimum, Spread
from lmm.engine.surface import Check, Held, Place, Reached, Surface, Trace

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
    "LocalBlock",
    "MatrixBlock",
    "Optimum",
    "Place",
    "Products",
    "Reached",
    "Spread",
    "Surface",
    "Trace",
    "line_pairs",
    "local_columns",
    "local_summary",
    "root_of_covariance",
    "root_of_precision",
    "sparse_cholesky",
]
