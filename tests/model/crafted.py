"""Saved fits that somebody has tampered with: every member and every field, changed in many ways.

``python -m tests.model.crafted 20000`` loads so many, drawn at random, and prints those that neither end in a
`FileError` nor are an honest fit.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import pickle
import random
import sys
import warnings
import zipfile
from functools import cache

import numpy as np
import pandas as pd

import lmm
from lmm.errors import FileError
from lmm.model.files.storage import from_bytes, to_bytes

_RNG = np.random.default_rng(11)
_N = 48
_X = _RNG.normal(size=_N)
TABLE = {
    "y": 2.0 + _X + _RNG.normal(size=_N) + _RNG.normal(size=8)[np.arange(_N) % 8],
    "x": np.where(np.arange(_N) == 7, np.nan, _X),
    "z": 2.0 * _X,
    "k": np.arange(_N) % 3,
    "f": np.resize(["low", "mid", "high"], _N),
    "g": np.array([f"g{j % 8}" for j in range(_N)]),
    "b": np.arange(_N) % 5 > 1,
    "w": _RNG.uniform(0.5, 2.0, _N),
}
_BLOCK = lmm.block(np.eye(6)[np.arange(_N) % 6], covariance=0.5 * np.eye(6) + 0.5)
MODELS = {
    "linear": ("y ~ x + b", {}),
    "lmm": ("y ~ x + f + (x | g)", {"method": "ml"}),
    "weights": ("y ~ poly(x, 2) + (1 | g)", {"weights": TABLE["w"], "offset": "z"}),
    "contrasts": ("y ~ f + offset(z) + (1 | g)", {"weights": "w", "contrasts": {"f": "sum"}}),
    "matrix": ("y ~ f + (1 | g)", {"contrasts": {"f": [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]}}),
    "blocks": ("y ~ x + (1 | g)", {"random": {"kin": _BLOCK}, "start": [1.0, 0.5]}),
    "sparse": ("y ~ 1", {"random": {"s": lmm.block(_BLOCK.to_sparse())}}),
    "moments": ("y ~ f + (1 | g)", {"method": "moments"}),
    "aliased": ("y ~ x + I(2 * x) + k + C(k) + (1 | g)", {}),
    "held": ("y ~ x + (x || g)", {"theta": [0.5, None]}),
    "singular": ("y ~ x + (1 | k)", {}),
}
_JUNK = [
    None, True, -1, 0, 3, 2**70, -1e308, 1e-300, 0.5, "", "x", "y ~ 1", "\x1b[31m", [], [1], ["x"], {}, {"array": 0},
    {"array": 99}, {"array": -1},
]  # fmt: skip


@cache
def original(name: str) -> lmm.Fit:
    """The fit before anybody touched it."""
    formula, options = MODELS[name]
    return lmm.fit(formula, TABLE, **options)


@cache
def members_of(name: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(to_bytes(original(name)))) as archive:
        return {member: archive.read(member) for member in archive.namelist()}


def sealed(members: dict[str, bytes]) -> bytes:
    """An archive with the digest that belongs to its content: its maker knew how."""
    found = hashlib.sha256()
    for name, content in members.items():
        if name != "sha256.txt":
            found.update(f"{name}:{len(content)}:".encode() + hashlib.sha256(content).digest())
    return zipped({**members, "sha256.txt": found.hexdigest().encode()})


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def places(tree, path=()):
    """Paths of all values below the content of a header."""
    yield path
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in children:
        yield from places(value, (*path, key))


def _changed_values(value, rng):
    """What somebody may put in the place of a value."""
    yield rng.choice(_JUNK)
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (-value, value + 1, value * 1.5 + 0.1, str(value))
    elif isinstance(value, str):
        yield from (value + "x", value[:-1], value.upper(), value.replace("x", "z"), "a" * 2_000_000)
    elif isinstance(value, list):
        yield from (value[:-1], value[::-1], value * 2, [*value, None], {"items": value})
    elif isinstance(value, dict):
        yield from ({**value, "more": 1}, dict(list(value.items())[1:]), list(value.values()))


def with_changed_field(name: str, rng) -> tuple[str, bytes]:
    """One value of the JSON text is another, or gone, or written in a way that JSON has not."""
    members = dict(members_of(name))
    header = json.loads(members["content.json"])
    path = rng.choice([path for path in places(header["content"]) if path])
    *way, last = path
    parent = header["content"]
    for key in way:
        parent = parent[key]
    new = rng.choice(list(_changed_values(parent[last], rng)))
    if rng.random() < 0.1 and isinstance(parent, dict):
        del parent[last]
    else:
        parent[last] = float("nan") if rng.random() < 0.05 else copy.deepcopy(new)
    members["content.json"] = json.dumps(header).encode()
    return f"{name}: {'.'.join(map(str, path))} = {str(new)[:40]!r}", sealed(members)


def _changed_arrays(array, rng):
    """What somebody may put in the place of an array."""
    flat = array.ravel()
    yield array[:-1] if array.ndim else array
    yield np.concatenate([flat, flat])
    yield array.T.copy()
    yield np.zeros_like(array)
    yield -array if array.dtype.kind in "fi" else array
    yield array.astype("f4")
    yield array.astype("c16")
    yield array.reshape((*array.shape, 1))
    yield rng.permutation(flat).reshape(array.shape)
    yield array[:0]
    if array.dtype.kind == "f":
        for odd in (np.nan, np.inf, 1e300, -1e300, 1e-300):
            yield np.where(np.arange(flat.size) == flat.size // 2, odd, flat).reshape(array.shape)
        yield array * 1.02
        yield array + 0.1
    else:
        yield array + 1
        yield array * 1000
        yield array.astype("f8")


def with_changed_array(name: str, rng) -> tuple[str, bytes]:
    """One array has other values, another shape or another type, or belongs to another place."""
    members = dict(members_of(name))
    arrays = [member for member in members if member.startswith("arrays/")]
    member = rng.choice(arrays)
    array = np.load(io.BytesIO(members[member]))
    numpy_rng = np.random.default_rng(rng.randrange(2**32))
    variants = list(_changed_arrays(array, numpy_rng))
    which = rng.randrange(len(variants) + 2)
    if which == len(variants):
        other = rng.choice(arrays)
        members[member], members[other] = members[other], members[member]
    elif which > len(variants):
        content = io.BytesIO()
        np.save(content, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        members[member] = content.getvalue()
    else:
        content = io.BytesIO()
        np.save(content, variants[which])
        members[member] = content.getvalue()
    return f"{name}: {member} {array.dtype}{array.shape} variant {which}", sealed(members)


def with_changed_archive(name: str, rng) -> tuple[str, bytes]:
    """The archive itself is cut, longer, damaged, or has other members."""
    members = dict(members_of(name))
    whole = sealed(members)
    how = rng.randrange(9)
    if how == 0:
        return f"{name}: cut", whole[: rng.randrange(len(whole))]
    if how == 1:
        at = rng.randrange(len(whole))
        return f"{name}: byte {at}", whole[:at] + bytes([whole[at] ^ (1 << rng.randrange(8))]) + whole[
            at + 1 :
        ]
    if how == 2:
        return f"{name}: one more member", sealed({**members, "arrays/99.npy": b"x"})
    if how == 3:
        return f"{name}: code", sealed({**members, "fit.pkl": pickle.dumps(print)})
    if how == 4:
        gone = rng.choice(list(members))
        return f"{name}: without {gone}", zipped({k: v for k, v in members.items() if k != gone})
    if how == 5:
        text = members["content.json"].replace(b'"y ~', b'"z ~', 1)
        return f"{name}: another formula, old digest", zipped({**members, "content.json": text})
    if how == 6:
        deep = b"[" * 100_000 + b"]" * 100_000
        return f"{name}: deep", sealed({**members, "content.json": deep})
    if how == 7:
        text = members["content.json"].replace(b'"version": 2', b'"version": 2, "version": 2', 1)
        return f"{name}: a name twice", sealed({**members, "content.json": text})
    members["arrays/0.npy"] = members["arrays/0.npy"][: rng.randrange(len(members["arrays/0.npy"]))]
    return f"{name}: cut array", sealed(members)


KINDS = {"field": with_changed_field, "array": with_changed_array, "archive": with_changed_archive}


def verdict(name: str, content: bytes) -> str:
    """``"refused"``, ``"the same"``, ``"honest"``, or the complaint."""
    try:
        again = from_bytes(content)
        if same(again, original(name)):
            return "the same"
        return "honest" if honest(again) else f"other numbers in silence: {again.formula}"
    except FileError as error:
        return "refused" if 20 < len(str(error)) < 5000 else f"a poor message: {error}"


def same(again: lmm.Fit, fit: lmm.Fit) -> bool:
    """Whether formula, data and estimates are those of the fit that was saved."""
    if (again.formula, again.method, again.theta_names) != (fit.formula, fit.method, fit.theta_names):
        return False
    pairs = [
        (again.beta, fit.beta),
        (again.theta, fit.theta),
        (again.vcov, fit.vcov),
        (again.b, fit.b),
        (again.y, fit.y),
    ]
    equal = all(a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in pairs)
    return equal and abs(again.criterion - fit.criterion) < 1e-9 * (1 + abs(fit.criterion))


def honest(again: lmm.Fit) -> bool:
    """Whether another data set was put in whole: what the fit says is what its own formula and rows give."""
    rows = again.internals.design.rows
    frame = pd.DataFrame(index=range(again.internals.design.n_rows))
    for name, column in again.internals.design.model_frame.items():
        values = pd.Series(column.to_array(), index=rows)
        frame[name] = values.reindex(frame.index)
        if column.kind == "factor":
            frame[name] = pd.Categorical(frame[name], categories=column.level_values)
    random_terms = again.internals.request.random
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = again.update(data=frame, random=random_terms)
        if not np.array_equal(again.y, fit.y):
            fit = fit.refit(again.y)
    # The criterion of a search that ended elsewhere may be higher by what a certificate allows.
    close = abs(fit.criterion - again.criterion) < 1e-3 or not again.converged
    return close and again.formula == fit.formula and again.X.shape == fit.X.shape


def drawn(count: int, seed: int):
    """Crafted files, as many as asked for: fit, what was done, content."""
    rng = random.Random(seed)
    names = list(MODELS)
    for number in range(count):
        name = names[number % len(names)]
        kind = rng.choices(list(KINDS), weights=[5, 4, 2])[0]
        yield name, *KINDS[kind](name, rng)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
    counts: dict[str, int] = {}
    for name, what, content in drawn(count, seed):
        try:
            found = verdict(name, content)
        except Exception as error:  # noqa: BLE001 (this is what it looks for)
            found = f"{type(error).__name__}: {error}"
        counts[found] = counts.get(found, 0) + 1
        if found not in ("refused", "the same", "honest"):
            print(f"{what}\n    {found}", flush=True)
    print(f"seed {seed}: {counts}")
    return int(bool(set(counts) - {"refused", "the same", "honest"}))


if __name__ == "__main__":
    sys.exit(main())
