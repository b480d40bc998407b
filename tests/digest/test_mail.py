"""E-mails: valid to two parsers, the same bytes every time, nothing hostile, nothing loaded."""

from __future__ import annotations

import email
import hashlib
import re
from dataclasses import replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from xml.etree import ElementTree as ET

import pytest
from fast_mail_parser import parse_email

from digest import mail
from digest.mail import Envelope
from tests.digest import examples
from tests.digest.test_render import LOADERS, LOADING, Seen, fingerprint

STRICT = SMTP.clone(raise_on_defect=True)
WRITTEN = {"Subject", "Date", "Auto-Submitted", "X-Oresight-Week", "MIME-Version", "Content-Type", "From", "To"} | {
    "Message-ID"
}
ADA = Envelope("digest@example.org", "ada@example.net", "4f1c")


@pytest.fixture(scope="module")
def mails() -> dict[str, bytes]:
    """Every example as an e-mail."""
    return {name: mail.eml(example(), examples.NAMES) for name, example in examples.ALL.items()}


def read(data: bytes) -> EmailMessage:
    """The message, by a parser that forgives nothing."""
    return email.message_from_bytes(data, policy=STRICT)


def content(data: bytes, kind: str) -> str:
    """The text of a message in one of its forms."""
    body = read(data).get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("example", examples.ALL)
def test_two_strict_parsers_agree(mails: dict[str, bytes], example: str) -> None:
    """Python's parser and one that shares no code with it read the same message, and neither has to repair it."""
    ours, other = read(mails[example]), parse_email(mails[example], strict=True)
    assert other.warnings == []
    assert other.subject == ours["Subject"]
    assert [part.replace("\r\n", "\n") for part in other.text_plain] == [content(mails[example], "plain")]
    assert [part.replace("\r\n", "\n") for part in other.text_html] == [content(mails[example], "html")]
    pictures = [part for part in ours.walk() if part.get_content_maintype() == "image"]
    assert [p.content for p in other.attachments] == [p.get_content() for p in pictures]
    assert all(part.get_content()[:8] == b"\x89PNG\r\n\x1a\n" for part in pictures)
    kinds = [part.get_content_type() for part in ours.walk()][:4]
    related = ["multipart/related"] if pictures else []
    assert kinds == ["multipart/alternative", "text/plain", *related, "text/html"]


@pytest.mark.parametrize("example", examples.ALL)
def test_bytes_on_the_wire(mails: dict[str, bytes], example: str) -> None:
    """ASCII in lines of under 998 characters, ended by CRLF and nothing else."""
    data = mails[example]
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) < 998
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data)


@pytest.mark.parametrize("example", examples.ALL)
def test_no_outside_text_makes_a_header(mails: dict[str, bytes], example: str) -> None:
    """The headers are those that are written here, each once, on one line, and told from week and verdict."""
    headers = read(mails[example]).items()
    assert sorted(name for name, _ in headers) == sorted(WRITTEN)
    subject = mails[example].partition(b"\r\n")[0].decode()
    assert re.match(r"Subject: (Sample: |Degraded: )?Week 47 of 2026: \S", subject)
    assert subject == f"Subject: {read(mails[example])['Subject']}"


@pytest.mark.parametrize("sender", ["digest@example.org", "a+b@sub.example.org"])
def test_a_message_for_one_recipient(sender: str) -> None:
    """From, to, Message-ID and a way to leave are the recipient's own; the rest is the same for all."""
    made = mail.message(examples.thin())
    one = mail.addressed(made, replace(ADA, sender=sender))
    other = mail.addressed(made, Envelope(sender, "ben@example.net", "77aa"))
    told, second = read(one), read(other)
    assert (told["From"].addresses, told["To"].addresses) == (
        (Address("Oresight", addr_spec=sender),), (Address(addr_spec="ada@example.net"),),
    )  # fmt: skip
    assert told["Message-ID"] == f"<2026-W47.4f1c@{sender.rpartition('@')[2]}>" != second["Message-ID"]
    assert told["List-Unsubscribe"].startswith("<mailto:")
    assert set(told.keys()) == WRITTEN | {"List-Unsubscribe"}
    assert b"ada@" not in other
    assert one.partition(b"\r\n\r\n")[2] == other.partition(b"\r\n\r\n")[2]
    assert mail.addressed(made, replace(ADA, sender=sender)) == one


def hashes() -> str:
    """A hash over the rich example as a message for one recipient, made now."""
    return hashlib.sha256(mail.addressed(mail.message(examples.rich(), examples.NAMES), ADA)).hexdigest()


def test_the_same_week_gives_the_same_bytes() -> None:
    """Twice in one process and once in another, whatever its zone, locale and hash seed: no clock, no chance."""
    source = "from tests.digest.test_mail import hashes; print(hashes())"
    assert hashes() == hashes() == fingerprint(source, seed="7")


def test_the_date_is_the_mondays_after(mails: dict[str, bytes]) -> None:
    """Ready on the Monday after the week."""
    assert read(mails["rich"])["Date"] == "Mon, 23 Nov 2026 05:00:00 +0000"


@pytest.mark.parametrize("example", examples.ALL)
def test_the_html_loads_nothing_and_runs_nothing(mails: dict[str, bytes], example: str) -> None:
    """No script, SVG, frame or form; pictures are the message's own, each named once, with words."""
    page = content(mails[example], "html")
    seen = Seen(page)
    assert seen.open == []
    ET.fromstring(page)  # noqa: S314 - ours
    assert not {tag for tag, _ in seen.elements} & (LOADERS - {"img"} | {"svg"})
    for tag, attributes in seen.elements:
        assert tag == "img" or not LOADING & attributes.keys()
        assert not [name for name in attributes if name.startswith("on")]
    cids = [part["Content-ID"] for part in read(mails[example]).walk() if part["Content-ID"]]
    assert [f"<{(img['src'] or '').removeprefix('cid:')}>" for img in seen.all("img")] == cids
    assert all(img["alt"] and img["width"] for img in seen.all("img"))
    assert "url(" not in page
    assert "@import" not in page
    links = [a["href"] or "" for a in seen.all("a")]
    assert all(re.match(r"https?://[^/@]+/", href) for href in links)
    assert len(page.encode()) < 100_000, "larger ones are cut by some"


def test_hostile_texts_stay_texts(mails: dict[str, bytes]) -> None:
    """What attacks in HTML is shown as it is; in plain text no line is longer than the wire's."""
    texts = "".join(Seen(content(mails["hostile"], "html")).texts)
    assert "<script>alert(1)</script><img src=x onerror=alert(1)>" in texts
    assert "{{ 7*7 }}" in texts
    plain = content(mails["hostile"], "plain")
    assert "<script>alert(1)</script>" in plain
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", plain)


@pytest.mark.parametrize("example", ["rich", "sample", "degraded", "thin", "empty"])
def test_plain_text_fits(mails: dict[str, bytes], example: str) -> None:
    """Lines of the plain text have 76 characters at most, and none is left over at an end."""
    lines = content(mails[example], "plain").splitlines()
    assert max(map(len, lines)) <= mail.WIDTH
    assert all(line == line.rstrip() for line in lines)
    assert "\n\n\n\n" not in "\n".join(lines)


@pytest.mark.parametrize("example", examples.ALL)
def test_sample_and_degraded_are_told(mails: dict[str, bytes], example: str) -> None:
    """In the subject and in both forms, and only where it is true."""
    digest = examples.ALL[example]()
    subject = read(mails[example])["Subject"]
    assert subject.startswith("Sample: ") == digest.sample
    for kind in ("plain", "html"):
        text = content(mails[example], kind)
        assert ("Sample data" in text) == digest.sample
        assert ("Degraded" in text) == digest.health.degraded
