"""An article's own words, from the page that it stands on; run on a bench, for the page is as hostile as any.

html -> trafilatura -> paragraphs -> clean
"""

from __future__ import annotations

import logging

import trafilatura

from sources import clean

LONGEST = 100_000
"""Characters of one article that are kept: a book that somebody links to is not an article."""

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def paragraphs(html: bytes, url: str) -> str:
    """The article's paragraphs, one a line; empty where the page holds none."""
    found = trafilatura.extract(
        html, url=url, output_format="txt", include_comments=False, include_tables=False, with_metadata=False
    )
    return clean.text(found or "")[:LONGEST]
