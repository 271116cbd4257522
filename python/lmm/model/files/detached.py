"""A request without its table: what stood beside the rows by labels stands there by position."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lmm.data import in_rows_of, open_table, places_of, row_labels
from lmm.design import UserBlock
from lmm.engine import Block
from lmm.model.request import Request

__all__ = ["detached"]


def detached(request: Request) -> Request:
    """Make the request for a table that will come without labels, in the same order.

    Weights and offset are names or arrays, blocks have no labels of rows.
    """
    if request.data is None:
        return request
    labels = open_table(request.data).labels
    blocks = request.random
    return replace(
        request,
        data=None,
        weights=_by_row(request.weights, labels, "weights="),
        offset=_by_row(request.offset, labels, "offset="),
        random=None
        if blocks is None
        else {name: _in_order(name, block, labels) for name, block in blocks.items()},
    )


def _by_row(given: Any, labels: Any, what: str) -> Any:
    if given is None or isinstance(given, str):
        return given
    values = in_rows_of(labels, given, what) if row_labels(given) is not None else given
    return np.asarray(values, dtype=np.float64)


def _in_order(name: str, block: Block, labels: Any) -> Block:
    if not isinstance(block, UserBlock) or block.row_labels is None:
        return block
    places = places_of(labels, block.row_labels, f'Z of the block "{name}"')
    return block.without_labels() if places is None else block.take(places)
