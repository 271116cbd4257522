"""What people read: the summary of a fit as text, HTML and Markdown, its HTML page, and its numbers for JSON.

`summary` gathers the numbers (``summaries``), ``sections`` writes them out, ``writing`` lays them out; ``page``
puts the same sections and the figures of ``lmm.plots`` into one self-contained file.
"""

from __future__ import annotations

from lmm.reports.html_page import check_destination, page, report
from lmm.reports.plain_numbers import as_dict, table_as_dict
from lmm.reports.summaries import Summary, summary

__all__ = ["Summary", "as_dict", "check_destination", "page", "report", "summary", "table_as_dict"]
