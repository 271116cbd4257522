"""Tables of analysis of variance: hypotheses that no coding changes, closed forms, options."""

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import null_space, orth

import lmm
from lmm.estimation import Anova
from lmm.inference.covariance_root import covariance_root

CODINGS = ("treatment", "sum", "helmert", "sas", "difference", "poly")


@pytest.fixture(scope="module")
def oats():
    frame = lmm.datasets.load("Oats")
    return frame.assign(nitro=frame["nitro"].astype("category"))


@pytest.fixture(scope="module")
def unbalanced(oats):
    return oats[np.arange(len(oats)) % 7 != 0]


@pytest.fixture(scope="module")
def with_empty_cells(unbalanced):
    victory, golden = unbalanced["Variety"] == "Victory", unbalanced["Variety"] == "Golden Rain"
    return unbalanced[~(victory & (unbalanced["nitro"] == 0.2)) & ~(golden & (unbalanced["nitro"] == 0.6))]


@pytest.fixture(scope="module")
def fit(unbalanced):
    return lmm.fit("yield ~ Variety * nitro + (1 | Block/Variety)", unbalanced)


def numbers(table):
    return np.array([table[name] for name in ("num_df", "den_df", "f_value", "p_value")])


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger"])
@pytest.mark.parametrize("kind", [1, 2, 3])
@pytest.mark.parametrize("frame", ["unbalanced", "with_empty_cells"])
def test_contrasts_of_the_fit_change_nothing(request, frame, coding, df, kind):
    data = request.getfixturevalue(frame)
    formula = "yield ~ Variety * nitro + (1 | Block/Variety)"
    plain = lmm.fit(formula, data).anova(type=kind, df=df)
    coded = lmm.fit(formula, data, contrasts={"Variety": coding, "nitro": coding}).anova(type=kind, df=df)
    assert numbers(coded) == pytest.approx(numbers(plain), rel=1e-9)


@pytest.mark.parametrize(
    "formula", ["yield ~ Variety * nitro", "yield ~ nitro * Variety", "yield ~ 0 + Variety * nitro"]
)
def test_order_and_intercept_change_no_type_3(unbalanced, formula):
    found = {row["term"]: row["sum_sq"] for row in lmm.fit(formula, unbalanced).anova()}
    plain = {row["term"]: row["sum_sq"] for row in lmm.fit("yield ~ Variety * nitro", unbalanced).anova()}
    swapped = {":".join(sorted(name.split(":"))): value for name, value in found.items()}
    for name, value in plain.items():
        if name != "Variety" or not formula.startswith("yield ~ 0"):
            assert swapped[":".join(sorted(name.split(":")))] == pytest.approx(value, rel=1e-9)


def type_3_by_definition(fit, term):
    """Sum of squares of SAS's type III from null spaces of the overparameterized model, column by column."""
    frame = fit.model_frame.to_pandas()
    dummies = {name: pd.get_dummies(frame[name]).to_numpy(float) for name in ("Variety", "nitro")}
    pieces = {
        "Intercept": np.ones((len(frame), 1)),
        **dummies,
        "Variety:nitro": np.einsum("ni,nj->nij", dummies["Variety"], dummies["nitro"]).reshape(
            len(frame), -1
        ),
    }
    X = np.hstack(list(pieces.values()))
    stops = np.cumsum([piece.shape[1] for piece in pieces.values()])
    place = {
        name: slice(stop - piece.shape[1], stop)
        for (name, piece), stop in zip(pieces.items(), stops, strict=True)
    }
    estimable = orth(X.T)  # coefficients (columns, rank) of estimable functions
    contains = ["Variety:nitro"] if term in dummies else []
    others = [name for name in pieces if name != term and name not in contains]

    def zero_on(names):
        rows = np.vstack([estimable[place[name]] for name in names])
        return estimable @ null_space(rows, rcond=1e-10)

    own = zero_on(others)
    if contains:
        inner = zero_on([*others, term])
        own = own @ null_space(inner.T @ own, rcond=1e-10) if inner.size else own
    beta = np.linalg.pinv(X) @ fit.y
    middle = own.T @ np.linalg.pinv(X.T @ X) @ own
    return own.shape[1], (own.T @ beta) @ np.linalg.solve(middle, own.T @ beta)


@pytest.mark.parametrize("frame", ["oats", "unbalanced", "with_empty_cells"])
def test_type_3_is_the_definition_of_sas(request, frame):
    fit = lmm.fit("yield ~ Variety * nitro", request.getfixturevalue(frame))
    for row in list(fit.anova())[:-1]:
        rank, sum_sq = type_3_by_definition(fit, row["term"])
        assert row["num_df"] == rank
        assert row["sum_sq"] == pytest.approx(sum_sq, rel=1e-9)


@pytest.mark.parametrize("kind", [1, 2, 3])
@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("frame", ["unbalanced", "with_empty_cells"])
def test_sums_of_squares_of_linear_models_are_those_of_their_projections(request, frame, kind, weights):
    """Two ways: contrasts on the estimates, and projections of the response."""
    data = request.getfixturevalue(frame)
    data = data.assign(w=1.0 + np.arange(len(data)) % 3, x=np.cos(np.arange(len(data))))
    fit = lmm.fit("yield ~ Variety * nitro + x + Variety:x", data, weights=weights)
    table, forms = fit.anova(type=kind), Anova(fit.internals.design).forms(kind)
    assert [row["num_df"] for row in table] == [form.df for form in forms]
    assert table["sum_sq"] == pytest.approx([form.sum_sq for form in forms], rel=1e-9)


def test_type_1_adds_up(unbalanced):
    fit = lmm.fit("yield ~ Variety * nitro", unbalanced)
    total = np.sum((fit.y - fit.y.mean()) ** 2)
    assert fit.anova(type=1)["sum_sq"].sum() == pytest.approx(total, rel=1e-12)


def test_empty_cells_are_noted(fit, with_empty_cells):
    note = "With empty cells that does not compare equally weighted means."
    empty = lmm.fit("yield ~ Variety * nitro + (1 | Block)", with_empty_cells)
    assert any(text.endswith(note) for text in empty.anova().notes)
    assert not any(text.endswith(note) for text in fit.anova().notes)
    assert not any(text.endswith(note) for text in empty.anova(type=2).notes)


def test_a_term_without_variance_changes_no_satterthwaite_table(fit, unbalanced):
    rng = np.random.default_rng(3)
    data = unbalanced.assign(nothing=rng.permutation(np.arange(len(unbalanced)) % 6).astype(str))
    larger = lmm.fit("yield ~ Variety * nitro + (1 | Block/Variety) + (1 | nothing)", data)
    assert larger.varcorr["vcov"][2] == 0.0
    plain, more = (numbers(f.anova(df="satterthwaite")) for f in (fit, larger))
    assert more == pytest.approx(plain, rel=1e-6)


def test_chisq_is_f_with_infinite_degrees_of_freedom(fit):
    chisq, f = fit.anova(test="chisq"), fit.anova(df="normal")
    assert chisq.columns == ("term", "chisq", "df", "p_value")
    assert chisq["chisq"] == pytest.approx(f["f_value"] * f["num_df"])
    assert chisq["p_value"] == pytest.approx(f["p_value"])


def test_columns(fit, oats):
    columns = ("term", "sum_sq", "mean_sq", "num_df", "den_df", "f_value", "p_value")
    assert fit.anova().columns == columns
    linear = lmm.fit("yield ~ Variety", oats).anova()
    assert linear.columns == columns
    assert list(linear["term"]) == ["Variety", "Residuals"]


def test_a_covariance_of_ones_own(fit):
    table = fit.anova(df="satterthwaite", vcov=4.0 * fit.vcov)
    assert "sum_sq" not in table
    assert table["f_value"] == pytest.approx(fit.anova(df="satterthwaite")["f_value"] / 4.0)
    marginal = fit.anova(type=2, containment="marginal", df="satterthwaite", vcov=4.0 * fit.vcov)
    plain = fit.anova(type=2, containment="marginal", df="satterthwaite")
    assert marginal["f_value"] == pytest.approx(plain["f_value"] / 4.0)


def test_every_table_names_its_method(fit, oats):
    assert fit.anova().notes[0] == "Degrees of freedom: Kenward–Roger (expected information)."
    assert fit.anova(df="satterthwaite").notes[0] == "Degrees of freedom: Satterthwaite."
    assert lmm.fit("yield ~ Variety", oats).anova().notes[0] == "Degrees of freedom: residual."


def test_types_by_roman_numerals(fit):
    assert fit.anova(type="II") == fit.anova(type=2)


def test_several_fits_are_compared(fit):
    smaller = fit.update(". ~ . - Variety:nitro")
    assert fit.anova(smaller) == lmm.compare(fit, smaller)


def test_fits_from_files_and_refits_have_tables(fit, tmp_path):
    lmm.save(fit, tmp_path / "oats.lmm")
    again = lmm.load(tmp_path / "oats.lmm")
    assert again.anova() == fit.anova()
    assert fit.refit(fit.y).anova()["f_value"] == pytest.approx(fit.anova()["f_value"])


def test_dependent_covariates_have_no_degrees_of_freedom(oats):
    x = np.cos(np.arange(len(oats)))
    fit = lmm.fit("yield ~ x + z + Variety", oats.assign(x=x, z=2.0 * x))
    table = fit.anova()
    assert list(table["num_df"]) == [0, 0, 2, 68]
    assert np.isnan(table["f_value"][:2]).all()
    assert "Nothing to test of x, z: the columns are combinations of those of other terms." in table.notes
    # In sequence the first one has one.
    assert list(fit.anova(type=1)["num_df"]) == [1, 0, 2, 68]


def test_nothing_but_an_intercept():
    dyestuff = lmm.datasets.load("Dyestuff")
    mixed = lmm.fit("Yield ~ 1 + (1 | Batch)", dyestuff).anova()
    assert len(mixed) == 0
    assert mixed.notes == ("The fixed part has no terms but the intercept: there is nothing to test here.",)
    linear = lmm.fit("Yield ~ 1", dyestuff).anova()
    assert list(linear["term"]) == ["Residuals"]


def test_contrasts_that_leave_something_out_make_a_covariate(oats):
    fit = lmm.fit("yield ~ Variety * nitro", oats, contrasts={"Variety": [[1.0], [0.0], [-1.0]]})
    assert list(fit.anova()["num_df"]) == [1, 3, 3, 64]
    fit = lmm.fit("yield ~ 0 + Variety + nitro", oats, contrasts={"Variety": [[1.0], [0.0], [-1.0]]})
    with pytest.raises(lmm.UnsupportedError, match=r"do not span the same space.* complete contrasts"):
        fit.anova()


def test_names_that_need_backticks(oats):
    data = oats.rename(columns={"Variety": "the variety"})
    fit = lmm.fit("yield ~ `the variety` * nitro + (1 | Block)", data)
    assert list(fit.anova()["term"]) == ["the variety", "nitro", "the variety:nitro"]
    assert lmm.drop1(fit, test="lrt")["term"][1] == "the variety:nitro"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type": 4}, r"type= must be 1, 2 or 3 .*not 4"),
        ({"type": True}, r"type= must be 1, 2 or 3"),
        ({"test": "F"}, r'test= must be "f" or "chisq"; it is \'F\'\. Did you mean "f"\?'),
        ({"type": 2, "containment": "car"}, r'containment= must be "sas" or "marginal"; it is \'car\'\.'),
        (
            {"containment": "marginal"},
            r'containment="marginal" is for type=2; a table of type 3 does not depend on it',
        ),
        ({"test": "chisq", "df": "kenward-roger"}, r'test="chisq" has no denominator degrees of freedom'),
        ({"df": "kenwardroger"}, r'Did you mean "kenward-roger"\?'),
    ],
)
def test_bad_options(fit, options, message):
    with pytest.raises(lmm.LmmError, match=message):
        fit.anova(**options)


@pytest.mark.parametrize("options", [{"type": 2}, {"test": "chisq"}, {"df": "satterthwaite"}])
def test_options_of_one_fit_are_refused_for_several(fit, options):
    with pytest.raises(lmm.LmmError, match=f"{next(iter(options))}= is for the table of one fit"):
        fit.anova(fit, **options)


def test_kenward_roger_of_a_fit_by_maximum_likelihood(fit):
    with pytest.raises(lmm.LmmError, match=r'REML fits; this one is by maximum likelihood.*method="reml"'):
        fit.update(method="ml").anova(df="kenward-roger")


def test_units_of_a_covariate_change_nothing(unbalanced):
    x = np.cos(np.arange(len(unbalanced)))
    tables = [
        lmm.fit("yield ~ Variety * x + nitro + (1 | Block)", unbalanced.assign(x=unit * x)).anova(type=kind)
        for kind in (1, 2, 3)
        for unit in (1.0, 1e6, 1e-6)
    ]
    for kind in range(3):
        plain, large, small = tables[3 * kind : 3 * kind + 3]
        assert numbers(large) == pytest.approx(numbers(plain), rel=1e-8)
        assert numbers(small) == pytest.approx(numbers(plain), rel=1e-8)


def test_nearly_dependent_columns_keep_their_degrees_of_freedom(unbalanced):
    """Powers of a year: columns whose own part is a millionth of their length."""
    data = unbalanced.assign(year=2000.0 + np.arange(len(unbalanced)) % 11)
    raw = lmm.fit("yield ~ year + I(year**2) + Variety + Variety:year", data)
    centered = lmm.fit("yield ~ c + I(c**2) + Variety + Variety:c", data.assign(c=data["year"] - 2005.0))
    assert list(raw.anova()["num_df"]) == list(centered.anova()["num_df"]) == [1, 1, 2, 2, 54]
    assert raw.anova(type=1)["sum_sq"] == pytest.approx(centered.anova(type=1)["sum_sq"], rel=1e-6)


def test_covariances_without_digits_are_named():
    """What is left of the covariance of raw powers of a year need not be one."""
    with pytest.raises(lmm.DesignError, match="no digits left: center covariates"):
        covariance_root(np.array([[1.0, 1.0], [1.0, 1.0 - 1e-12]]))
