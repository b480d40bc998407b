"""The page's charts as pictures for e-mails, which show no SVG.

Chart -> SVG on white -> PNG at twice its size, its width, the same words for those who do not see it
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import vl_convert

from digest.charts import Chart

SHARPNESS: Final = 2.0
"""Pixels of the picture for one of the chart's: for the screens of telephones."""
MARGIN: Final = 8
"""White around the chart, in the chart's pixels."""
_SIZE: Final = re.compile(r'<svg\b[^>]*\bwidth="([0-9.]+)" height="([0-9.]+)" viewBox="[^"]*">')


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as a PNG; `width` in the pixels of a page, `cid` as the e-mail's HTML names it."""

    cid: str
    data: bytes
    width: int
    alt: str


def picture(chart: Chart, cid: str) -> Picture:
    """The picture of a chart. On white, since an e-mail in a dark window turns its page and not its pictures."""
    svg, width = _framed(chart.svg)
    return Picture(cid, _png(svg), width, chart.alt)


def _framed(svg: str) -> tuple[str, int]:
    """The drawing with a white margin around it, and its width with that."""
    head = _SIZE.match(svg)
    if head is None:
        raise ValueError("a chart's SVG tells no size")  # a bug: Vega writes one
    width, height = (round(float(side)) + 2 * MARGIN for side in head.groups())
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
    paper = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return f'{frame}{paper}<g transform="translate({MARGIN},{MARGIN})">{svg}</g></svg>', width


@lru_cache(maxsize=8)
def _png(svg: str) -> bytes:
    png: bytes = vl_convert.svg_to_png(svg, scale=SHARPNESS)
    return png
