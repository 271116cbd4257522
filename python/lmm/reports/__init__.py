"""What people read: the summary of a fit as text, HTML and Markdown, its HTML page, and its numbers for JSON.

``summarize`` gathers the numbers (``summary``), ``sections`` writes them out, ``writing`` lays them out; ``page``
puts the same sections and the figures of ``lmm.plots`` into one self-contained file.
"""

from __future__ import annotations

from lmm.reports.html_page import check_destination, page, write_page
from lmm.reports.plain_numbers import as_dict, table_as_dict
from lmm.reports.summary import Summary, summarize

__all__ = ["Summary", "as_dict", "check_destination", "page", "summarize", "table_as_dict", "write_page"]
