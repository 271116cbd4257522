"""Names of the data beside names of a result."""

import pytest

from lmm.table.naming import beside, renamed, renaming_notes


@pytest.mark.parametrize(
    ("own", "names", "found"),
    [
        (["df"], ["site"], ["site"]),
        (["df"], ["df"], ["df_"]),
        (["df"], ["df", "df_"], ["df__", "df_"]),
        (["df"], ["df_", "df"], ["df_", "df__"]),
        (["df", "df_"], ["df"], ["df__"]),
        (["df", "df_"], ["df", "df_"], ["df__", "df___"]),
        ([], ["df"], ["df"]),
        (["", "a"], ["", "a"], ["_", "a_"]),
    ],
)
def test_names_of_the_result_stay_and_nothing_is_lost(own, names, found):
    names = renamed(own, names)
    assert list(names.values()) == found
    assert len({*own, *names.values()}) == len(set(own)) + len(names)
    assert len(renaming_notes(names)) == sum(old != new for old, new in names.items())


def test_columns_keep_their_values():
    columns, notes = beside(["estimate"], {"estimate": [1, 2], "site": ["A", "B"]})
    assert columns == {"estimate_": [1, 2], "site": ["A", "B"]}
    assert notes == ('"estimate" is called "estimate_" here: the results have a "estimate" of their own.',)
