"""The page: whole, self-contained, escaped, the same every time, and never half written."""

import re
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import lmm
from lmm.reports import page, report

_VOID = {"meta", "br", "link", "img", "hr"}


class _Outline(HTMLParser):
    """Collects elements and checks that they close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.ids, self.references, self.text = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in {"href", "src"}:
                self.references.append(value)
            self.references += [f"#{target}" for target in re.findall(r"url\(#(.*?)\)", value or "")]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def _outline(text):
    outline = _Outline()
    outline.feed(text)
    outline.close()
    assert outline.open == []
    return outline


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def text(sleepstudy):
    return page(sleepstudy)


@pytest.fixture(scope="module")
def hostile_text(hostile):
    return page(hostile)


def test_page_is_well_formed(text):
    outline = _outline(text)
    assert outline.tags[0] == "html"
    assert outline.tags.count("h1") == 1
    assert outline.tags.count("table") == 4


def test_page_needs_nothing_else(text):
    assert "http" not in text
    assert "@import" not in text
    outline = _outline(text)
    assert not {"script", "link", "img", "iframe"} & set(outline.tags)
    assert all(reference.startswith("#") for reference in outline.references)


def test_references_find_their_one_target(text):
    outline = _outline(text)
    assert len(outline.ids) == len(set(outline.ids))
    assert {f"#{name}" for name in outline.ids} == set(outline.references)


def test_same_fit_gives_same_page(sleepstudy, text):
    assert page(sleepstudy) == text


def test_figures_that_the_model_has(text):
    for title in (
        "Response against Days, by Subject",
        "Normal quantiles of random effects",
        "Residuals against fitted values",
        "Normal quantiles of residuals",
        "Size of residuals",
        "Residuals against leverage",
        "Influence of Subject",
    ):
        assert title in text
    # The small multiples come twice: for wide and for narrow screens.
    assert text.count("<svg") == 9


def test_linear_model_has_no_random_effects(linear):
    text = page(linear)
    _outline(text)
    assert "Random effects" not in text
    assert "Observations and the fitted line." in text


def test_page_without_a_numeric_covariate_has_no_lines():
    fit = lmm.fit("diameter ~ 1 + (1 | plate) + (1 | sample)", lmm.datasets.load("Penicillin"))
    text = page(fit)
    assert "fitted line" not in text
    # Two factors, their quantiles and influence, four of residuals, and the nesting of the factors.
    assert text.count("<svg") == 10


def test_influence_of_rows_where_there_are_no_factors_or_too_many_levels(linear):
    assert "Influence of rows" in page(linear)
    rng = np.random.default_rng(0)
    data = {"y": rng.normal(size=700), "g": np.repeat(np.arange(350), 2).astype(str), "h": np.arange(700) % 5}
    text = page(lmm.fit("y ~ 1 + (1 | g) + (1 | h)", data))
    assert "Influence of h" in text
    assert "Influence of g" not in text


def test_no_influence_without_fixed_effects_or_deletions():
    without = page(lmm.fit("Reaction ~ 0 + (1 | Subject)", lmm.datasets.load("sleepstudy")))
    assert "Residuals against leverage" in without
    assert "Influence" not in without
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lmm.LmmWarning)
        negative = lmm.fit(
            "Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"), method="moments", negative="allow"
        )
    assert "Influence" not in page(negative)


def test_singular_fit_has_a_page_that_says_so(singular):
    assert "Singular: the variance of Intercept within Batch is zero" in page(singular)


def test_all_text_from_data_is_escaped(hostile_text):
    outline = _outline(hostile_text)
    assert "script" not in outline.tags
    assert "b" not in outline.tags
    shown = "".join(outline.text)
    for level in ("<script>", "a & b", "$\\frac{x$", 'url(#x) "y"', "| * _ `", "<b>y</b>"):
        assert level in shown
    assert "\t" not in shown


def test_signs_that_the_measuring_font_lacks_are_no_warning():
    rows = [
        {"y": i + j + float((3 * i + j) % 4), "x": float(j), "g": name}
        for i, name in enumerate(["東京", "مرحبا", "😀"])
        for j in range(5)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lmm.LmmWarning)
        fit = lmm.fit("y ~ x + (1 | g)", rows)
    assert "東京" in page(fit)


def test_file_appears_with_ordinary_permissions(sleepstudy, tmp_path):
    path = report(sleepstudy, tmp_path / "page.html")
    assert path.read_text("utf-8").endswith("</html>\n")
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode
    assert _names(tmp_path) == ["page.html", "plain"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_nothing_is_left_half_written(linear, tmp_path, monkeypatch, error):
    path = tmp_path / "page.html"
    path.write_text("before")

    def interrupted(*_):
        raise error

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(lmm.FileError if error is OSError else error):
        report(linear, path)
    assert path.read_text() == "before"
    assert _names(tmp_path) == ["page.html"]


def test_folder_must_exist(linear, tmp_path):
    with pytest.raises(lmm.FileError, match=r"there is no folder .*nowhere\. Create it first"):
        linear.report(tmp_path / "nowhere" / "page.html")


def test_folder_is_no_file(linear, tmp_path):
    with pytest.raises(lmm.FileError, match=r"it is a folder\. Give the name of a file in it"):
        linear.report(tmp_path)


@pytest.mark.parametrize(
    "name", ["page.pdf", "page.docx", "page.png", "page.md", "page", "page.html.gz", ".html", "page."]
)
def test_other_endings_are_refused_by_name(linear, tmp_path, name):
    with pytest.raises(lmm.FileError, match=r"ends in \.html or \.htm"):
        linear.report(tmp_path / name)
    assert _names(tmp_path) == []


@pytest.mark.parametrize("name", ["page.html", "page.HTM", "Seite ü.html"])
def test_endings_of_pages(linear, tmp_path, name):
    assert linear.report(str(tmp_path / name)).is_file()


@pytest.mark.parametrize("path", [None, 3, b"page.html", "", ["page.html"], "a\0.html", "x" * 300 + ".html"])
def test_paths_that_are_none(linear, path):
    with pytest.raises(lmm.FileError):
        linear.report(path)


def test_pages_made_in_several_threads_at_once_are_the_same_bytes(sleepstudy, linear):
    fits = [sleepstudy, linear] * 3
    alone = [page(fit) for fit in fits[:2]] * 3
    with ThreadPoolExecutor(len(fits)) as pool:
        assert list(pool.map(page, fits)) == alone


@pytest.mark.parametrize("package", ["jinja2", "matplotlib"])
def test_missing_extra_is_named(linear, tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(lmm.MissingExtraError, match=rf'{package}.*pip install "lmm\[report\]"'):
        linear.report(tmp_path / "page.html")
    assert _names(tmp_path) == []


def test_large_data_give_a_page_of_reasonable_size():
    fit = lmm.fit("y ~ service + (1 | s) + (1 | d)", lmm.datasets.load("InstEval"))
    text = page(fit)
    assert len(text.encode()) < 1_000_000
    assert "Shown are 300 of 2,972 levels" in text
    assert "Darker hexagons hold more observations" in text


def test_terms_are_tested_where_there_are_factors(sleepstudy):
    oats = lmm.datasets.load("Oats")
    mixed = page(lmm.fit("yield ~ Variety + nitro + (1 | Block)", oats))
    assert "Analysis of variance, type III" in mixed
    # Of covariates alone the table would say once more what the coefficients say.
    assert "Analysis of variance, type III" not in page(sleepstudy)
    own = lmm.fit("yield ~ 0 + Variety + Block", oats, contrasts={"Variety": [[1.0], [0.0], [-1.0]]})
    assert "Analysis of variance, type III" not in page(own)


@pytest.fixture(scope="module")
def wide():
    """A page with long names of effects, many columns and long notes."""
    rows = [
        {
            "yield_in_tonnes_per_hectare": 3.0 * i + j + (7 * i + 5 * j + i * j) % 11,
            "nitrogen_fertiliser": f"{40 * (j % 3)} kg per hectare of ammonium nitrate",
            "farm": f"farm {i}",
        }
        for i in range(8)
        for j in range(9)
    ]
    return page(lmm.fit("yield_in_tonnes_per_hectare ~ nitrogen_fertiliser + (1 | farm)", rows))


def test_notes_of_tables_stand_below_what_scrolls(wide):
    tables = re.findall(r'<div class="scroll">.*?</div>(?:\n<p class="note">[^<]*</p>)*', wide, re.DOTALL)
    assert len(tables) == wide.count("<table")
    assert any("Degrees of freedom" in table.partition("</div>")[2] for table in tables)
    assert "<tfoot" not in wide
    assert not any("<p" in table.partition("</div>")[0] for table in tables)


def test_long_names_may_break_and_numbers_may_not(wide):
    assert "nitrogen_<wbr>fertiliser<wbr>[T.40 kg per hectare" in wide
    assert not re.search(r'text-align:right">[^<]*<wbr>', wide)
    style = wide[wide.index("<style>") : wide.index("</style>")]
    assert "td { padding: .26rem .55rem; vertical-align: baseline; white-space: nowrap; }" in style
    assert 'tbody td:not([style*="right"]), th:first-child { white-space: normal;' in style


@pytest.mark.parametrize("sign", ["\x1b[31m", "\x9b2J", "\x07", "\u202e", "\ufeff"])
def test_control_characters_of_the_data_are_written_out(sign):
    rows = [
        {
            "y": 3.0 * i + j + (7 * i + 5 * j) % 4,
            f"x{sign}": float(j),
            "g": f"{sign}{i}",
            "f": f"{sign}{j % 2}",
        }
        for i in range(5)
        for j in range(6)
    ]
    text = page(lmm.fit(f"y ~ `x{sign}` + f + (1 | g)", rows))
    assert sign not in text
    assert all(char.isprintable() or char in "\n\t" for char in text)
