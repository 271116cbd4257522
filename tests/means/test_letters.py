"""Letters, least significant differences and comparison arrows say what the comparisons say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lmm
from lmm.means import comparison_arrows
from lmm.means.reading.lettering import compact_letters
from tests.means.models import looms, oats, unbalanced

sets_of_pairs = st.integers(2, 9).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.sets(
            st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda pair: pair[0] < pair[1])
        ),
    )
)


@given(sets_of_pairs)
def test_means_share_a_letter_exactly_if_they_do_not_differ(drawn):
    n, different = drawn
    letters = compact_letters(n, sorted(different))
    for i in range(n):
        assert letters[i]
        for j in range(i + 1, n):
            assert bool(set(letters[i]) & set(letters[j])) == ((i, j) not in different)


@given(sets_of_pairs)
def test_no_letter_is_part_of_another(drawn):
    n, different = drawn
    letters = compact_letters(n, sorted(different))
    members = {letter: {i for i in range(n) if letter in letters[i]} for letter in set("".join(letters))}
    assert not any(one < other for one in members.values() for other in members.values())
    assert letters[0][0] == "a"


def test_piephos_example():
    """Piepho (2004), figure 1: A B C D E with A–E, B–E, A–D different."""
    assert compact_letters(5, [(0, 3), (0, 4), (1, 4)]) == ["a", "ab", "abc", "bc", "c"]


def test_more_letters_than_the_alphabet():
    letters = compact_letters(60, [(i, j) for i in range(60) for j in range(i + 1, 60)])
    assert len(set(letters)) == 60
    assert letters[51:54] == ["Z", "a1", "b1"]


@pytest.mark.parametrize("adjust", ["tukey", "none", "holm"])
def test_table_follows_the_p_values(adjust):
    fit = lmm.fit("F.Dry.matter ~ Day * Trt", lmm.datasets.load("pigs_crd"))
    means = fit.emmeans("Trt | Day")
    table = {(row["Trt"], row["Day"]): row["letters"] for row in means.letters(0.2, adjust=adjust)}
    for row in means.contrast("pairwise", adjust=adjust):
        one, other = row["contrast"].split(" - ")
        share = set(table[one, row["Day"]]) & set(table[other, row["Day"]])
        assert bool(share) == (row["p_value"] >= 0.2)


def test_largest_mean_comes_first_with_a():
    table = looms().emmeans("tension").letters()
    assert list(table["tension"]) == ["L", "M", "H"]
    assert list(table["letters"]) == ["a", "b", "b"]
    kept = oats().emmeans("nitro").letters(sort=False)
    assert list(kept["nitro"]) == [0.0, 0.2, 0.4, 0.6]
    assert list(kept["letters"]) == ["c", "b", "a", "a"]


@pytest.mark.parametrize("call", ["letters", "significant_differences"])
@pytest.mark.parametrize("alpha", [0, 1, 5, True, "x"])
def test_alpha(call, alpha):
    with pytest.raises(lmm.LmmError, match="alpha= must lie between 0 and 1"):
        getattr(looms().emmeans("tension"), call)(alpha)


@pytest.mark.parametrize("call", ["letters", "significant_differences", "effect_size"])
def test_contrasts_have_none(call):
    with pytest.raises(lmm.LmmError, match="These are contrasts"):
        getattr(looms().emmeans("tension").contrast(), call)()


def test_one_mean_has_nothing_to_compare_with():
    with pytest.raises(lmm.LmmError, match="There is one mean only"):
        looms().emmeans("1").letters()


def test_differences_as_agronomists_print_them():
    """Steel and Torrie: LSD = t √(2 s²/n), HSD = q √(s²/n)."""
    fit = lmm.fit("F.Dry.matter ~ Day * Trt", lmm.datasets.load("pigs_crd"))
    lsd, hsd = fit.emmeans("Trt").significant_differences()
    s2 = fit.sigma**2
    assert lsd["sed"] == pytest.approx(np.sqrt(2 * s2 / 45))
    assert lsd["value"] == pytest.approx(1.969422 * np.sqrt(2 * s2 / 45), rel=1e-6)
    # The upper 5 % point of the range of 6 means with 252 degrees of freedom, between 4.10 (120) and 4.03 (infinite).
    assert hsd["value"] == pytest.approx(4.0616 * np.sqrt(s2 / 45), rel=1e-3)
    assert (lsd["test"], hsd["test"]) == ("LSD", "HSD")
    assert lsd["value_min"] == pytest.approx(lsd["value_max"])


def test_differences_of_a_transformed_response_say_their_scale():
    fit = lmm.fit("log(breaks) ~ tension", lmm.datasets.load("warpbreaks"))
    for transform in (None, "response"):
        notes = fit.emmeans("tension", transform=transform).significant_differences().notes
        assert ("On the scale of log(breaks)." in notes) == (transform == "response")


def test_unequal_standard_errors_are_told():
    table = unbalanced().emmeans("a | b").significant_differences()
    assert any("not equal" in note for note in table.notes)
    for row in table:
        assert row["value_min"] < row["value"] < row["value_max"]
        assert row["value"] == pytest.approx(row["critical"] * row["sed"], rel=0.05)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("fit", [looms, oats, unbalanced], ids=lambda fit: fit.__name__)
def test_arrows_overlap_exactly_where_means_do_not_differ(fit, alpha):
    means = fit().emmeans({"looms": "wool:tension", "oats": "nitro", "unbalanced": "a:b"}[fit.__name__])
    arrows = comparison_arrows(means, alpha)
    estimate, p = means["emmean"], means.contrast("pairwise")["p_value"]
    assert arrows.true
    for (i, j), value in zip(zip(*np.triu_indices(len(means), 1), strict=True), p, strict=True):
        low, high = (i, j) if estimate[i] <= estimate[j] else (j, i)
        assert (arrows.high[low] >= arrows.low[high]) == (value >= alpha)
    assert arrows.low[np.argmin(estimate)] == estimate.min()
    assert arrows.high[np.argmax(estimate)] == estimate.max()
