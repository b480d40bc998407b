"""The week's digest as an e-mail.

    Digest -> page.page -> mail.txt, mail.html, charts as pictures -> one message, the same for all
    message, Envelope   -> bytes as they go over the wire

multipart/alternative of plain text and multipart/related (RFC 2387: HTML made for e-mail clients, with its pictures).
No clock and no chance is in it: date, Message-ID and boundaries follow from the week and the recipient, so that a
message that is sent twice is one to whoever folds messages by their Message-ID.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast
from unicodedata import normalize
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from digest import charts, palette, words
from digest.moves import quiet
from digest.page import Page, Row, Table, page
from digest.pictures import Picture, picture
from digest.render import SHOWN_FAILED, pages
from digest.texts import plain
from records import STANCES, Digest

WIDTH: Final = 76
"""Characters of a line of the plain text."""
ROWS: Final = 5
"""Rows of a table."""
QUIET: Final = (
    "A quiet week: nothing more is told here. The page of the week has the tables, the charts and the quotations."
)
NOBODY: Final = "oresight.invalid"
"""The domain of a message that is written and not sent (RFC 2606)."""
_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})
_TEMPLATES: Final = Path(__file__).parent / "templates"
_SUBJECT: Final = 140  # code points
_WIRE: Final = SMTP.clone(max_line_length=250)  # of headers, all ASCII: a fold after "Subject:" is one for nothing
_READY: Final = time(5, tzinfo=UTC)  # on the Monday after the week; never in the future of whoever sends it then


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends it to whom; both are addresses without names. `token` makes the recipient's Message-ID."""

    sender: str
    recipient: str
    token: str


def eml(digest: Digest, names: Mapping[str, str] = _NO_NAMES) -> bytes:
    """The digest as a file that mail programs open: from and to nobody."""
    return addressed(message(digest, names), None)


def message(digest: Digest, names: Mapping[str, str] = _NO_NAMES) -> EmailMessage:
    """Everything but who sends it to whom; `names` gives countries in words."""
    told = page(digest, names)
    shown = list(_pictures(digest))
    made = EmailMessage(policy=SMTP)
    made["Subject"] = subject(digest, told)
    made["Date"] = datetime.combine(digest.last_day + timedelta(days=1), _READY)
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is an answer to it
    made["X-Oresight-Week"] = digest.week
    made.set_content(text(digest, told), cte="quoted-printable")
    made.add_alternative(html(digest, told, shown), subtype="html", cte="quoted-printable")
    _relate(made, shown)
    _settle(made, digest.week)
    return made


def addressed(made: EmailMessage, envelope: Envelope | None) -> bytes:
    """The message for one recipient as bytes, with CRLF."""
    for name in ("From", "To", "Message-ID", "List-Unsubscribe"):
        del made[name]
    sender = envelope.sender if envelope else f"oresight@{NOBODY}"
    made["From"] = Address("Oresight", addr_spec=sender)
    made["To"] = Address(addr_spec=envelope.recipient) if envelope else "undisclosed-recipients:;"
    made["Message-ID"] = message_id(str(made["X-Oresight-Week"]), envelope)
    if envelope:
        made["List-Unsubscribe"] = f"<mailto:{quote(sender, safe='@')}?subject=unsubscribe>"
    return made.as_bytes(policy=_WIRE)


def message_id(week: str, envelope: Envelope | None) -> str:
    """The same for the same week and recipient, whenever it is sent."""
    domain = envelope.sender.rpartition("@")[2] if envelope else NOBODY
    return f"<{week}.{envelope.token if envelope else 'file'}@{domain}>"


def subject(digest: Digest, told: Page) -> str:
    """Week and verdict on one line in ASCII, whatever they were made from: nothing in it must be encoded or folded."""
    marked = "Sample: " if digest.sample else "Degraded: " if digest.health.degraded else ""
    first = told.verdict.partition(". ")[0].rstrip(".")
    line = f"{marked}{told.week} of {digest.week[:4]}: {first}"
    return normalize("NFKD", plain(line, _SUBJECT).replace(words.DASH, "-")).encode("ascii", "ignore").decode()


def html(digest: Digest, told: Page, shown: list[Picture]) -> str:
    """HTML for e-mail clients: tables and inline styles, no script, no SVG, nothing loaded."""
    weeks, rest = shown[: len(STANCES)], shown[len(STANCES) :]
    if len(shown) < len(STANCES):
        weeks, rest = [], shown
    drawn = {"weeks": weeks, "communities": rest[0] if rest else None}
    whole = {**_context(digest, told), "pictures": drawn, "c": palette.LIGHT, "dark": palette.DARK}
    return pages().get_template("mail.html").render(whole, subject=subject(digest, told))


def text(digest: Digest, told: Page) -> str:
    """Plain text in lines of WIDTH characters; only an address or a word without a break may be longer."""
    made = _plain_pages().get_template("mail.txt").render(_context(digest, told))
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(line.rstrip() for line in made.splitlines())) + "\n"


def _context(digest: Digest, told: Page) -> dict[str, Any]:
    where, what, *others = told.tables
    what = replace(what, rows=tuple(row for row in what.rows if row.told))
    voices = [(voice, "") for voice in told.voices]
    return {
        "page": replace(told, tables=(where, what, *map(_short, others))),
        "voices": [*voices, (told.counter, ", counter-voice")] if told.counter else voices,
        "failed": [line for line in told.channels if line.failed],
        "shown_failed": SHOWN_FAILED,
        "sample": digest.sample,
        "interval_name": words.INTERVAL,
        "quiet": QUIET,
    }


def _short(table: Table) -> Table:
    """The rows of a table that a letter has room for."""
    return replace(table, rows=table.rows[:ROWS], left=table.left + max(0, len(table.rows) - ROWS))


def _pictures(digest: Digest) -> Iterator[Picture]:
    """The three panels of weeks, all or none, then the communities; none of a quiet week."""
    if quiet(digest):
        return
    weeks = [charts.weeks(stance, digest.history, digest.events) for stance in STANCES]
    drawn = dict(zip(STANCES, weeks, strict=True)) if all(weeks) else {}
    for name, chart in (*drawn.items(), ("communities", charts.communities(digest.communities))):
        if chart is not None:
            yield picture(chart, f"{name}.{digest.week}@{NOBODY}")


def _relate(made: EmailMessage, shown: list[Picture]) -> None:
    """Put the pictures beside the HTML, which names them."""
    _, sheet = cast(list[EmailMessage], made.get_payload())
    for one in shown:
        name = f"{one.cid.partition('.')[0]}.png"
        sheet.add_related(one.data, "image", "png", cid=f"<{one.cid}>", filename=name, disposition="inline")


def _settle(made: EmailMessage, week: str) -> None:
    """Boundaries that are no chance's. "=_" stands in no quoted-printable or base64 text (RFC 2045)."""
    for number, part in enumerate(part for part in made.walk() if part.is_multipart()):
        part.set_boundary(f"=_oresight-{week}-{number}")
        if part.get_content_subtype() == "related":
            part.set_param("type", "text/html")


@cache
def _plain_pages() -> Environment:
    # Plain text has no markup that could be escaped from.
    env = Environment(autoescape=False, undefined=StrictUndefined, loader=FileSystemLoader(_TEMPLATES))  # noqa: S701
    env.filters |= {"wrapped": _wrapped}
    env.globals |= {"stances": _stances, "figures": _figures}
    return env


def _wrapped(line: str, indent: str = "", first: str | None = None) -> str:
    begin = indent if first is None else first
    return textwrap.fill(line, WIDTH, initial_indent=begin, subsequent_indent=indent,
                         break_long_words=False, break_on_hyphens=False)  # fmt: skip


def _stances(told: Page) -> str:
    """The week's shares, a line a stance; under them what changed."""
    lines = [f"{'':<26}{'Share':>6}{words.INTERVAL:>15}{'Items':>7}"]
    for cell in told.total.cells:
        name = f"{cell.mark} {cell.name}"
        lines.append(f"{name:<26}{cell.share or words.DASH:>6}{cell.interval or words.DASH:>15}{cell.count:>7}")
    for cell in told.total.cells:
        week, months = _change(cell.change, cell.verdict), _change(cell.lasting, cell.lasting_verdict)
        change = f"{cell.mark} against the week before {week}; against the eight weeks before {months}"
        lines.append(("\n" if cell.mark == told.total.cells[0].mark else "") + _wrapped(change, "  ", ""))
    return "\n".join(lines)


def _change(points: str, verdict: str) -> str:
    return f"{points} ({verdict})" if verdict else points


def _figures(table: Table, total: Row) -> str:
    """A table of shares with their intervals, a line a row, under the marks of the stances."""
    key = "  ".join(f"{cell.mark} {cell.name}" for cell in total.cells)
    heads = "".join(f"{cell.mark:>14}" for cell in total.cells)
    lines = [key, "", f"{table.head:<20}{'n':>6}{'of':>7}{heads}"]
    return "\n".join([*lines, *map(_line, table.rows)])


def _line(row: Row) -> str:
    if not row.told:
        shares = f"{'too few to tell' if row.items else 'no items':>42}"
    else:
        shares = "".join(f"{f'{cell.share} {cell.bounds}':>14}" for cell in row.cells)
    begin = f"{row.name:<20}" if len(row.name) <= 20 else f"{row.name}\n{'':<20}"
    return f"{begin}{row.n:>6}{row.items:>7}{shares}"
