"""Random problems for the engine and for what is built on it."""

from hypothesis import strategies as st

from tests.engine.problems import EFFECTS, KINDS, RANKS, TermPlan, make_problem


def random_problems(*, largest_k, fewest_terms, most_terms, most_rows):
    """Draw designs with all kinds of terms, weights, and levels without rows."""
    plans = st.builds(
        TermPlan,
        kind=st.sampled_from(KINDS),
        k=st.integers(1, largest_k),
        structure=st.sampled_from(["us", "diag"]),
        effects=st.sampled_from(EFFECTS),
        rank=st.sampled_from(RANKS),
        unused_level=st.booleans(),
    )
    return st.builds(
        make_problem,
        seed=st.integers(0, 10**6),
        plans=st.lists(plans, min_size=fewest_terms, max_size=most_terms),
        n=st.integers(8, most_rows),
        p=st.integers(0, 4),
        weighted=st.booleans(),
    )
