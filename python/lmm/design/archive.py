"""A `DesignSpec` as plain values that JSON can hold, and back: how a fit is saved without any code in the file."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.design.effects import RandomSpec, random_term
from lmm.design.expression import ExpressionSpec
from lmm.design.matrix import MatrixSpec
from lmm.design.spec import DesignSpec
from lmm.formula import Formula

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    formula = spec.formula
    return {
        "formula": {
            "source": formula.source,
            "response": formula.response,
            "fixed": formula.fixed,
            "random": [asdict(term) | {"factors": list(term.factors)} for term in formula.random],
            "offsets": list(formula.offsets),
            "variables": sorted(formula.variables),
        },
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

    Raises
    ------
    FileError
        If the state of a transform cannot be read.
    """
    formula = content["formula"]
    return DesignSpec(
        formula=Formula(
            source=formula["source"],
            response=formula["response"],
            fixed=formula["fixed"],
            random=tuple(random_term(term) for term in formula["random"]),
            offsets=tuple(formula["offsets"]),
            variables=frozenset(formula["variables"]),
        ),
        kinds=dict(content["kinds"]),
        response=ExpressionSpec.from_dict(content["response"]),
        fixed=MatrixSpec.from_dict(content["fixed"]),
        kept=np.array(content["kept"], dtype=np.int64),
        random=tuple(RandomSpec.from_dict(term) for term in content["random"]),
        offsets=tuple(ExpressionSpec.from_dict(expression) for expression in content["offsets"]),
        contrasts=dict(content["contrasts"]),
        offset=content["offset"],
        needs_offset=content["needs_offset"],
        blocks=tuple(content["blocks"]),
    )
