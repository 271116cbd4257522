"""A `DesignSpec` as plain values that JSON can hold, and back: how a fit is saved without any code in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from lmm.design.effects import RandomSpec
from lmm.design.expression import ExpressionSpec
from lmm.design.matrix import MatrixSpec
from lmm.design.spec import DesignSpec
from lmm.errors import FileError
from lmm.formula import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_Part = TypeVar("_Part")
_Spec = TypeVar("_Spec")


def spec_to_dict(spec: DesignSpec) -> dict[str, Any]:
    """Plain values: nothing but text, numbers, lists and dicts.

    Raises
    ------
    UnsupportedError
        If a transform of the formula keeps something that is none of these.

    Examples
    --------
    >>> import json
    >>> from lmm.design import DesignSpec, spec_from_dict, spec_to_dict
    >>> from lmm.formula import parse
    >>> data = {"y": [3.0, 1.0, 4.0, 1.5], "x": [1.0, 2.0, 4.0, 8.0]}
    >>> spec, design = DesignSpec.learn(parse("y ~ scale(x)"), data)
    >>> again = spec_from_dict(json.loads(json.dumps(spec_to_dict(spec))))
    >>> bool((again.build(data).X == design.X).all())
    True
    """
    return {
        "formula": spec.formula.source,
        "kinds": dict(spec.kinds),
        "response": spec.response.to_dict(),
        "fixed": spec.fixed.to_dict(),
        "kept": spec.kept.tolist(),
        "random": [term.to_dict() for term in spec.random],
        "offsets": [expression.to_dict() for expression in spec.offsets],
        "contrasts": dict(spec.contrasts),
        "offset": spec.offset,
        "needs_offset": spec.needs_offset,
        "blocks": list(spec.blocks),
    }


def spec_from_dict(content: Mapping[str, Any]) -> DesignSpec:
    """Read what `spec_to_dict` wrote.

    Of the formula only its text is taken, which is parsed again: nothing is ever evaluated that the parser has not
    checked.

    Raises
    ------
    FileError
        If something is missing, or does not belong to the formula.
    FormulaError
        If the text is no formula.
    """
    try:
        return _read(content)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise FileError(
            f"The design in the file cannot be read: {type(error).__name__} {error}. It may be damaged, or written by "
            "another version."
        ) from error


def _read(content: Mapping[str, Any]) -> DesignSpec:
    kinds = dict(content["kinds"])
    formula = parse(content["formula"], columns=kinds)
    return DesignSpec(
        formula=formula,
        kinds=kinds,
        response=ExpressionSpec.from_dict(formula.response, content["response"]),
        fixed=MatrixSpec.from_dict(formula.fixed, content["fixed"]),
        kept=np.array(content["kept"], dtype=np.int64),
        random=_together(RandomSpec.from_dict, formula.random, content["random"], "random terms"),
        offsets=_together(ExpressionSpec.from_dict, formula.offsets, content["offsets"], "offsets"),
        contrasts=dict(content["contrasts"]),
        offset=content["offset"],
        needs_offset=bool(content["needs_offset"]),
        blocks=tuple(content["blocks"]),
    )


def _together(
    read: Callable[[_Part, Any], _Spec], parts: Sequence[_Part], contents: Sequence[Any], what: str
) -> tuple[_Spec, ...]:
    if len(parts) != len(contents):
        raise FileError(
            f"The design in the file has {len(contents)} {what}; its formula has {len(parts)}. The file is damaged."
        )
    return tuple(map(read, parts, contents))
