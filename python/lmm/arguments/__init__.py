"""Arguments are checked at the door of a public function, all by one mechanism.

`takes` is put on the function and names a check for each argument that needs one. A check is called with the value
and the name, and returns the value that the function gets, or raises `ArgumentError`. A call with an unknown
argument is refused with the nearest name that exists. What is left at its default is not checked.
"""

from __future__ import annotations

from lmm.arguments.attributes import near_names
from lmm.arguments.calls import as_method, built_from, takes, unknown_argument
from lmm.arguments.checks import (
    Check,
    a_function,
    a_generator,
    a_level,
    a_mapping,
    a_seed,
    a_sequence,
    a_text,
    as_array,
    asked,
    instance_of,
    number,
    numbers,
    one_of,
    optional,
    shown,
    texts,
    whole_number,
    yes_or_no,
)

__all__ = [
    "Check",
    "a_function",
    "a_generator",
    "a_level",
    "a_mapping",
    "a_seed",
    "a_sequence",
    "a_text",
    "as_array",
    "as_method",
    "asked",
    "built_from",
    "instance_of",
    "near_names",
    "number",
    "numbers",
    "one_of",
    "optional",
    "shown",
    "takes",
    "texts",
    "unknown_argument",
    "whole_number",
    "yes_or_no",
]
