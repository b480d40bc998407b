"""Bytes to text, whatever the prolog, the header or the body itself claim.

    bytes -> BOM | UTF-16 pattern | what decodes as UTF-8 | what is declared | cp1252 -> text without controls

A body that decodes as UTF-8 beyond ASCII is UTF-8: no other encoding does that by chance, and feeds that say
otherwise are common (RFC 7303 gives the header the word; the header is wrong most of all).
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PROLOG = re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_HEADER = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.I)
# Text encodings in use; Python's registry also holds things such as `unicode_escape` that no feed may ask for.
_TRUSTED = re.compile(
    r"(utf-?(8|16|32)|iso|latin|us-?ascii|ascii|windows|cp|koi8|gb|big5|euc|shift|sjis|ks_c|tis|mac|hz)[\w-]*", re.I
)
_SEVEN_BIT = re.compile(r"iso-?2022.*|hz.*", re.I)  # their bytes are valid UTF-8 and mean something else
_INVALID = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&#(x[0-9a-fA-F]{1,8}|[0-9]{1,9});")


class Text(NamedTuple):
    """A decoded body; `repaired` where characters had to be replaced or left out, or a declaration overruled."""

    text: str
    repaired: bool


def decode(body: bytes, content_type: str) -> Text:
    """The body as text that XML 1.0 allows. Never raises."""
    text, repaired = _decode(body, content_type)
    kept = _REFERENCE.sub(_allowed, _INVALID.sub("", text))
    return Text(kept, repaired or len(kept) != len(text))


def allowed(text: str) -> str:
    """The text without characters that XML 1.0 does not know and no store could keep, as JSON can smuggle in."""
    return _INVALID.sub("", text)


def _decode(body: bytes, content_type: str) -> tuple[str, bool]:
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return _with(body.removeprefix(bom) if codec == "utf-8" else body, codec)
    if body[:2] in (b"<\0", b"{\0"):
        return _with(body, "utf-16-le")
    if body[:2] in (b"\0<", b"\0{"):
        return _with(body, "utf-16-be")
    return _guess(body, _declared(body, content_type))


def _guess(body: bytes, declared: str | None) -> tuple[str, bool]:
    if declared and _SEVEN_BIT.fullmatch(declared):
        return _with(body, declared)
    try:
        text = body.decode("utf-8")
    except UnicodeError:
        return _not_quite_utf8(body, declared)
    return text, not (text.isascii() or _is_utf8(declared))


def _not_quite_utf8(body: bytes, declared: str | None) -> tuple[str, bool]:
    text = body.decode("utf-8", "replace")
    lost = text.count("\ufffd") - text.endswith("\ufffd")  # a cut may fall inside a character
    right = sum(not c.isascii() for c in text) - lost
    if _is_utf8(declared):
        return (text, True) if lost <= right else _with(body, "cp1252", repaired=True)
    return (text, True) if 10 * lost <= right else _with(body, declared or "cp1252")


def _with(body: bytes, codec: str, *, repaired: bool = False) -> tuple[str, bool]:
    try:
        return body.decode(codec), repaired
    except UnicodeError:
        return body.decode(codec, "replace"), True


def _declared(body: bytes, content_type: str) -> str | None:
    prolog, header = _PROLOG.search(body[:400]), _HEADER.search(content_type)
    names = [header[1] if header else "", prolog[1].decode("ascii") if prolog else ""]
    return next((codec for codec in map(_codec, names) if codec), None)


def _codec(name: str) -> str | None:
    name = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252"}.get(name.lower(), name)
    if not _TRUSTED.fullmatch(name):
        return None
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def _is_utf8(codec: str | None) -> bool:
    return codec in (None, "utf-8", "ascii")


def _allowed(found: re.Match[str]) -> str:
    """A character reference, or nothing where XML 1.0 (2.2) does not allow its character."""
    number = int(found[1][1:], 16) if found[1][0] in "xX" else int(found[1])
    ranges = (range(9, 11), range(13, 14), range(32, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))
    return found[0] if any(number in r for r in ranges) else ""
