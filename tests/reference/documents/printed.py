"""Compare a number with what a document prints."""


def as_printed(value, printed):
    """Whether the value, rounded to the decimals of the printed text, is that text."""
    return f"{value:.{len(printed.partition('.')[2])}f}" == printed
