"""What is said about formulas that cannot be read, and where it points."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmm.errors import FormulaError, UnsupportedError
from lmm.formula import parse

# The character ^ in the second line stands below the character that the message points at.
MESSAGES = [
    ("y ~ (x + z", "    ^     ", "'(' is never closed: a ')' is missing"),
    ("y ~ x + z)", "         ^", "there is no '(' that this ')' closes"),
    ("y ~ log(x", "       ^  ", "'(' is never closed: a ')' is missing"),
    ("y ~ I(x[1)", "         ^", "')' does not close '[': a ']' is missing"),
    ("y ~ {x + 1", "    ^     ", "'{' is never closed: a '}' is missing"),
    ("y ~ C(f, 'a", "         ^ ", "the quote ' is not closed"),
    ("y ~ `a b", "    ^   ", "the backtick is not closed"),
    ("y ~ ``", "    ^ ", "there is no name between the backticks"),
    ("y ~~ x", "   ^  ", "a second '~': a formula has one, between the response and its terms"),
    ("y ~ foo(x | g)", "    ^         ", "unknown covariance structure foo(): there are us(x | g)"),
    (
        "y ~ foo(1|g) + z",
        "    ^           ",
        "If foo is a term, an operator is missing between 'foo' and '(1 | g)'",
    ),
    ("y ~ a | b", "      ^  ", "'or' between truth values is I(a | b)"),
    ("y ~ a & b", "      ^  ", "write I(a & b) for 'and'"),
    ("y ~ !a", "    ^ ", "write I(!a) for 'not'"),
    ("y ~ a @ b", "      ^  ", "terms are joined by '+', ':' or '*'"),
    ("y ~ a %+% b", "      ^    ", "a formula knows %in% only"),
    ("y ~ x \x1b b", "      ^  ", "unexpected character '\\x1b'"),
    ("y ~ x ~ z", "      ^  ", "a second '~': a formula has one"),
    ("(y ~ x)", "   ^   ", "the '~' stands inside parentheses"),
    ("~ x", "^  ", "the response is missing: write its column on the left, 'y ~ ...'"),
    ("x + z", "^    ", "the response is missing"),
    ("y ~", "  ^", "nothing stands on the right of '~': write 'y ~ 1' for a mean only"),
    ("y ~  ", "  ^  ", "nothing stands on the right of '~'"),
    ("y ~ x +", "      ^", "a term is missing after '+'"),
    ("y ~ x *", "      ^", "a term is missing after '*'"),
    ("y ~ (x +)", "       ^ ", "a term is missing after '+'"),
    ("y ~ * x", "    ^  ", "a term is missing before '*'"),
    ("y ~ x * : z", "        ^  ", "a term is missing between '*' and ':'"),
    ("y ~ x z", "      ^", "an operator is missing here: terms are joined by '+', ':' or '*'"),
    ("y ~ (x)(z)", "       ^  ", "an operator is missing here"),
    ("y ~ x + ()", "        ^ ", "there is nothing between the parentheses"),
    ("y ~ x | g", "      ^  ", "a random term stands in parentheses: write (1 | g), or (x | g)"),
    ("y ~ x + 1 | g", "          ^  ", "a random term stands in parentheses"),
    ("y ~ (1 | )", "       ^  ", "nothing stands after the bar: name the grouping factor, as in (1 | g)"),
    ("y ~ ( | g)", "      ^   ", "nothing stands before the bar: write (1 | g)"),
    ("y ~ (1 | a | b)", "           ^   ", "a second bar in the same parentheses"),
    ("y ~ (0 | g)", "     ^     ", "(0 | g) has no effects: write (1 | g)"),
    ("y ~ ((1 | g) | h)", "     ^           ", "a random term cannot stand inside another"),
    ("y ~ (1 | (x | g))", "         ^       ", "a random term cannot stand inside another"),
    ("y ~ x + (1 | g)*x", "        ^        ", "a random term can only be added: y ~ x + (1 | g)"),
    ("y ~ x:(1 | g)", "      ^      ", "a random term can only be added"),
    ("y ~ x - (1 | g)", "        ^      ", "a random term cannot be subtracted: leave it out"),
    ("y ~ x (1 | g)", "      ^      ", "an operator is missing between 'x' and '(1 | g)': write x + (1 | g)"),
    (
        "y ~ (1 | a + b)",
        "             ^ ",
        "write (... | a) + (... | b) for crossed factors, (... | a:b) for",
    ),
    ("y ~ (1 | a - b)", "         ^     ", "'-' has no meaning behind a bar, where factors are joined by"),
    ("y ~ (1 | a^2)", "         ^   ", "'^' has no meaning behind a bar"),
    ("y ~ (1 | 1)", "         ^ ", "1 is not a grouping factor: name a column behind the bar"),
    ("y ~ (1 | np.exp(2))", "         ^         ", "the grouping factor names no column"),
    ("y ~ (1|g) + (x|g)", "            ^    ", "the intercept varies by g in two terms, (1 | g) and (x | g)"),
    ("y ~ (1|g) + (1|g)", "            ^    ", "the intercept varies by g in two terms"),
    ("y ~ (x|g) + (0+x||g)", "            ^       ", "x varies by g in two terms, (x | g) and (0 + x || g)"),
    ("y ~ (1|a:b) + (1|b:a)", "              ^      ", "the intercept varies by b:a in two terms"),
    (
        "y ~ (1|a/b) + (1|a)",
        "              ^    ",
        "the intercept varies by a in two terms, (1 | a/b) and (1 | a)",
    ),
    ("y ~ us(x || g)", "    ^         ", "us() asks for correlations and '||' for none"),
    ("y ~ diga(x | g)", "    ^          ", 'unknown covariance structure diga(). Did you mean "diag"?'),
    ("y ~ x + offset()", "        ^       ", "there is nothing between the parentheses of offset()"),
    ("y ~ x + offset(2)", "        ^        ", "the offset names no column"),
    ("y ~ x + log()", "        ^    ", "there is nothing between the parentheses of log()"),
    ("y ~ x - offset(z)", "        ^        ", "an offset cannot be subtracted"),
    ("y ~ x:offset(z)", "      ^        ", "offset(...) is a term of its own: y ~ x + offset(z)"),
    ("y ~ lgo(x)", "    ^     ", 'unknown function lgo(). Did you mean "log"?'),
    ("y ~ log(sqr(x))", "        ^      ", 'unknown function sqr(). Did you mean "sqrt"?'),
    ("y ~ is.nan(x)", "    ^        ", "unknown function is.nan()"),
    ("y ~ a + Error(b/a)", "        ^         ", "is a random term here: (1 | block/plot)"),
    ("y ~ relevel(f, 'b')", "    ^              ", "Choose the reference level by C(f, contr.treatment("),
    ("y ~ np.lgo(x)", "    ^        ", 'NumPy has no np.lgo. Did you mean "log"?'),
    ("y ~ I(x + )", "          ^", "something is missing between '+' and ')'"),
    ("y ~ I(x 2)", "        ^ ", "an operator or a comma is missing before '2'"),
    ("y ~ np.load(x)", "    ^         ", "np.load has no place in a formula"),
    ("y ~ np.random.normal(x)", "    ^                  ", ".normal has no place in a formula"),
    ("y ~ np.f2py.os.system(x)", "    ^                   ", "has no place in a formula"),
    ("y ~ x.tofile(x)", "    ^          ", ".tofile has no place in a formula"),
    ("y ~ I(np.__doc__)", "      ^          ", "__doc__ has no place in a formula"),
    ("y ~ 2", "    ^", "2 is not a term: of the numbers only 1 (intercept) and 0 (none) can stand alone"),
    ("y ~ 2*x", "    ^  ", "a number cannot be crossed with a term; arithmetic is written in I(...)"),
    ("y ~ x^2", "    ^  ", "a power of one term is that term; write I(x^2) for the square of x"),
    ("y ~ (a + b)^c", "            ^", "a power of terms is a whole number, as in (a + b)^2"),
    ("y ~ .", "    ^", "'.' for all other columns is not available: name the columns"),
    ("y ~ d$x", "     ^ ", "name the column alone, the table is given as data: 'x', not 'table$x'"),
    ("y ~ x > 3", "      ^  ", "write I(x > 3) to compare"),
    ("y ~ 'x'", "    ^  ", "names of columns stand bare or in backticks"),
    ("y ~ 2x", "    ^ ", "a name cannot begin with a digit unless it stands in backticks"),
    ("y ~ x ; z", "      ^  ", "unexpected character ';'"),
    ("y ~ x − z", "      ^  ", "unexpected character '−': type the '-' of the keyboard"),
    ("y ~ x, random=g", "     ^         ", "random terms are part of the formula, as in y ~ x + (1 | g)"),
    ("y ~ C(f, contr.summ)", "         ^          ", 'there is no coding contr.summ. Did you mean "sum"?'),
    ("y = x", "  ^  ", "a formula has no '='; the two sides are separated by '~'"),
    ("a + b ~ x", "^        ", "a model has one response; write I(a + b) for a sum"),
    ("a:b ~ x", "^      ", "the left side is a column or an expression such as log(y)"),
    ("(1 | g) ~ x", "^          ", "the left side is a column or an expression such as log(y)"),
    ("1 ~ x", "^    ", "the left side names no column"),
    ("y ~ x + y", "  ^      ", "the response y stands on the right side too"),
    ("y ~ (1 | y)", "    ^      ", "the response y cannot be a grouping factor"),
]


@pytest.mark.parametrize(("text", "place", "message"), MESSAGES, ids=[row[0] for row in MESSAGES])
def test_message_and_place(text, place, message):
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert message in caught.value.message
    assert caught.value.formula == text
    assert caught.value.position == place.index("^")
    assert str(caught.value).splitlines()[-1].removeprefix("    ") == place.rstrip()


PLANNED = {
    "y ~ toep(x | g)": "toep(x | g) is not available yet, planned",
    "y ~ x + ad(0 + time | g)": "ad(0 + time | g) is not available yet, planned",
    "y ~ toep(0 + t | g, rho=0.5)": "is not available yet, planned",
    "y ~ toeph(x | g)": "there are us(x | g), which is (x | g), diag(x | g), which is (x || g), cs(x | g)",
    "y ~ mo(x)": "mo(...)",
    "cbind(a, b) ~ x": "a response with several columns is not available yet, planned",
}


@pytest.mark.parametrize(("text", "message"), PLANNED.items())
def test_what_is_planned_says_so(text, message):
    with pytest.raises(UnsupportedError) as caught:
        parse(text)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["a" * 10_000, "é" * 10_000, "a_1." * 2_500])
@pytest.mark.parametrize(
    "text",
    [
        "y ~ {0}(x | g)",
        "y ~ {0}(x)",
        "y ~ I({0}(x))",
        "y ~ {0} {0}",
        "y ~ x:{0}:(1 | {0})",
        "y ~ (1 | {0} + {0})",
        "{0} ~ {0}",
        "{0} ~ (1 | {0})",
        "y ~ ({0} | g) + ({0} | g)",
        "y ~ np.{0}(x)",
        "{0}",
        "y ~ '{0}'",
        "y ~ `{0}",
    ],
)
def test_names_of_ten_thousand_letters_are_cut(text, name):
    with pytest.raises((FormulaError, UnsupportedError)) as caught:
        parse(text.format(name))
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize("char", ["\x1b", "\x07", "\x9b", "\u202e", "\u200b", "\x00", "\r"])
@pytest.mark.parametrize(
    "text",
    [
        "y ~ x {0} z",
        "y ~ `a{0}[31mb`(x)",
        "y ~ (1 | `a{0}[31m` + b)",
        "y ~ I(x {0} 2)",
        "`{0}` ~ `{0}`",
        "{0}",
    ],
)
def test_nothing_of_a_message_is_obeyed_by_a_terminal(text, char):
    with pytest.raises((FormulaError, UnsupportedError)) as caught:
        parse(text.format(char))
    assert char not in str(caught.value)


def test_an_empty_formula():
    with pytest.raises(FormulaError, match="the formula is empty"):
        parse("  ")


def test_a_formula_is_a_text():
    with pytest.raises(FormulaError, match=r"a formula is a text such as 'y ~ x \+ \(1 \| g\)', not list"):
        parse(["y", "x"])


def test_a_formula_of_absurd_depth():
    with pytest.raises(FormulaError, match="nested too deeply"):
        parse("y ~ " + "(" * 5000 + "x" + ")" * 5000)


PIECES = [
    *(
        "y ~ ",
        "~",
        "x",
        "g",
        "a.b",
        "`q r`",
        "yield",
        "1",
        "0",
        "2.5",
        "+",
        "-",
        "*",
        "/",
        ":",
        "^",
        "**",
        "%in%",
    ),
    *(
        "|",
        "||",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "I(",
        "log(",
        "C(",
        "diag(",
        "us(",
        "cs(",
        "offset(",
        "np.log(",
        "c(",
    ),
    *("(1 | g)", "TRUE", "=", ",", " ", "'", '"', "`", ".", "$", "\\", "\n", "é", "lambda", "__x__"),
]


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=10).map("".join))
def test_any_text_is_read_or_refused_with_a_place(text):
    place = 0
    try:
        parse(text)
    except FormulaError as error:
        place = error.position
    except UnsupportedError:
        pass
    assert 0 <= place <= len(text)
