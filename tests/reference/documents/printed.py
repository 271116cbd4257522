"""Compare a number with what a document prints."""


def as_printed(value, printed):
    """Whether the value, rounded to the digits of the printed text, is that text."""
    if "e" in printed:
        digits = len(printed.partition("e")[0].partition(".")[2])
        return f"{value:.{digits}e}" == printed
    return f"{value:.{len(printed.partition('.')[2])}f}" == printed
