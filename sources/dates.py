"""When a thing was published, from whatever a feed calls a date.

    raw -> epoch | ISO 8601 | words, time, zone, day -> UTC        and how far it can be trusted
                                        nothing usable -> the feed's own date, else the time it was first seen

Written out rather than left to a library: those at hand read CEST as UTC, 2:00 PM as 02:00, epoch seconds as a
year, or fill a missing day in from today.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

from records import DateQuality

OLDEST = 1990
"""A year before this is a database's idea of nothing (0001, 1899, 1970), not a date of an article."""

_MONTHS = (
    "jan january janv janvier januar janner enero ene janeiro",
    "feb february fev fevr fevrier februar febrero fevereiro",
    "mar march mars marz mrz marzo marco maerz",
    "apr april avr avril abril abr",
    "may mai mayo maio",
    "jun june juin juni junio junho",
    "jul july juil juillet juli julio julho",
    "aug august aout agosto ago",
    "sep sept september septembre septiembre setiembre setembro set",
    "oct october octobre oktober okt octubre outubro out",
    "nov november novembre noviembre novembro",
    "dec december decembre dezember dez diciembre dic dezembro",
)
_MONTH = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}

# Hours east of Greenwich. North America's are RFC 822's; the rest are those in use by the press.
_ZONES: dict[str, float] = {
    **dict.fromkeys(("Z", "UT", "UTC", "GMT", "WET"), 0),
    **dict.fromkeys(("WEST", "BST", "CET", "MET", "MEZ", "WAT"), 1),
    **dict.fromkeys(("CEST", "MESZ", "HAEC", "EET", "SAST", "CAT"), 2),
    **dict.fromkeys(("EEST", "MSK", "EAT", "TRT"), 3),
    **dict.fromkeys(("ICT", "WIB"), 7),
    **dict.fromkeys(("HKT", "SGT", "PHT", "MYT", "AWST"), 8),
    **dict.fromkeys(("JST", "KST"), 9),
    **dict.fromkeys(("AEST", "PGT"), 10),
    **dict.fromkeys(("EDT", "CLT"), -4),
    **dict.fromkeys(("EST", "CDT", "COT", "PET"), -5),
    **dict.fromkeys(("CST", "MDT"), -6),
    **dict.fromkeys(("MST", "PDT"), -7),
    **dict.fromkeys(("PST", "AKDT"), -8),
    **dict.fromkeys(("BRT", "ART", "ADT", "CLST"), -3),
    **{"PKT": 5, "IST": 5.5, "NPT": 5.75, "BDT": 6, "MMT": 6.5, "ACST": 9.5, "ACDT": 10.5, "AEDT": 11},
    **{"NZST": 12, "NZDT": 13, "NDT": -2.5, "NST": -3.5, "AST": -4, "AKST": -9, "HST": -10, "GST": 4},
}
_AMBIGUOUS = {"IST", "AST", "GST", "BDT", "MMT"}

_EPOCH = re.compile(r"-?(\d{9,10}|\d{12,13}|\d{15,16})(\.\d+)?", re.ASCII)
# As almost every RSS feed writes it: what the words below would say, said at once.
_RFC822 = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d\d?) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4})"
    r" ([01]\d|2[0-3]):([0-5]\d):([0-5]\d) (?:GMT|UTC|UT|Z|([+-])([01]\d|2[0-3])([0-5]\d))",
    re.ASCII,
)
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)?", re.ASCII)
_SPELLINGS = (
    (re.compile(r"(?<=[\d\s])([AP])\.?\s?M\b\.?"), r" \1M "),  # 2 p. m.
    (re.compile(r"(?<!\d)(\d\d?)\s?H\s?(\d\d)?(?!\w)"), lambda f: f"{f[1]}:{f[2] or '00'}"),  # 14h30
    (re.compile(r"(?<!\d)(\d\d?)\.(\d\d)\s*UHR\b"), r"\1:\2"),  # 14.30 Uhr
)
_WORD = re.compile(r"[^\W\d_]+")
_CLOCK = re.compile(
    r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d|60)(?:[.,]\d+)?)?\s*([AP]M)?(?![\d:])"
    r"|(?<!\d)(1[0-2]|0?\d)\s*([AP]M)\b"
)
_OFFSET = re.compile(r"(?:@|UTC|GMT)\s*(?:UTC|GMT)?\s*([+-])(\d\d?):?([0-5]\d)?(?!\d)")
_NAME = re.compile(r"\b[A-Z]+\b")
_DAYS = (
    re.compile(r"(?<!\d)(?P<y>\d{4})[-/. ](?P<m>\d\d?)[-/. ](?P<d>\d\d?)(?!\d)"),
    re.compile(r"(?<!\d)(?P<d>\d\d?)[-/., ]+M(?P<m>\d\d)[-/., ]+(?P<y>\d{4}|\d\d)(?!\d)"),
    re.compile(r"M(?P<m>\d\d)[-/., ]+(?P<d>\d\d?)[-/., ]+(?P<y>\d{4})(?!\d)"),
    re.compile(r"(?<!\d)(?P<y>\d{4})[-/., ]+M(?P<m>\d\d)[-/., ]+(?P<d>\d\d?)(?!\d)"),
)
_NUMERIC = re.compile(r"(?<!\d)(\d\d?)([-/.])(\d\d?)\2(\d{4})(?!\d)")


def read(
    raw: str | None, *, parsed_feed_default: datetime | None = None, now: datetime
) -> tuple[datetime, DateQuality]:
    """The moment `raw` names, in UTC, and its quality.

    `parsed_feed_default` is the feed's own date, taken where `raw` says nothing; else `now` is (first_seen).
    What lies more than a day ahead of `now` becomes `now` (clamped). Never raises, whatever `raw` holds.
    """
    found = _read(raw.strip(), now) if raw and len(raw) < 200 else None
    if found is None and parsed_feed_default is not None:
        return min(parsed_feed_default, now), "feed_default"
    if found is None:
        return now, "first_seen"
    moment, quality = found
    return (now, "clamped") if moment > now + timedelta(days=1) else (moment, quality)


def _read(raw: str, now: datetime) -> tuple[datetime, DateQuality] | None:
    try:
        found = _epoch(raw) or _rfc822(raw) or _iso(raw) or _words(raw, now)
        if found is None or found[0].year < OLDEST:
            return None
        return min(found[0], datetime(9000, 1, 1, tzinfo=found[0].tzinfo)).astimezone(UTC), found[1]
    except (ValueError, OverflowError):
        return None


def _epoch(raw: str) -> tuple[datetime, DateQuality] | None:
    if not (found := _EPOCH.fullmatch(raw)):
        return None
    power = 3 * ((len(found[1]) - 9) // 3)  # seconds, milliseconds or microseconds, by their length
    return datetime.fromtimestamp(float(raw) / 10**power, UTC), "explicit"


def _rfc822(raw: str) -> tuple[datetime, DateQuality] | None:
    if not (found := _RFC822.fullmatch(raw)):
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    zone = UTC if not sign else timezone(-offset if sign == "-" else offset)
    parts = (int(year), _MONTH[month.lower()], int(day), int(hour), int(minute), int(second))
    return datetime(*parts, tzinfo=zone), "explicit"


def _iso(raw: str) -> tuple[datetime, DateQuality] | None:
    if stamp := _STAMP.fullmatch(raw):
        year, month, day, hour, minute, second = (int(n or 0) for n in stamp.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC), "zone_guessed"
    try:
        moment = datetime.fromisoformat(raw.upper())
    except ValueError:
        return None
    return (moment, "explicit") if moment.tzinfo else (moment.replace(tzinfo=UTC), "zone_guessed")


def _words(raw: str, now: datetime) -> tuple[datetime, DateQuality] | None:
    text = _WORD.sub(_word, _plain(raw))
    clock, text = _clock(text)
    zone, quality, text = _zone(text)
    day = _day(text, now)
    if day is None:
        return None
    moment = day.replace(tzinfo=zone) + (clock or timedelta())
    return moment, "zone_guessed" if clock is None else quality


def _plain(raw: str) -> str:
    text = unicodedata.normalize("NFKD", raw.replace("@", " "))
    text = "".join(c for c in text if not unicodedata.combining(c)).upper()
    for spelling, plain in _SPELLINGS:
        text = spelling.sub(plain, text)
    return text


def _word(found: re.Match[str]) -> str:
    word = found[0]
    if month := _MONTH.get(word.lower()):
        return f" M{month:02d} "
    return f" {word} " if word in _ZONES or word in ("AM", "PM") else " "


def _clock(text: str) -> tuple[timedelta | None, str]:
    """The time of day, and the text with a mark in its place."""
    if not (found := _CLOCK.search(text)):
        return None, text
    hour, half = int(found[1] or found[5]), found[4] or found[6]
    hour = hour % 12 + 12 * (half == "PM") if half else hour
    clock = timedelta(hours=hour, minutes=int(found[2] or 0), seconds=int(found[3] or 0))
    return clock, f"{text[: found.start()]} @ {text[found.end() :]}"


def _zone(text: str) -> tuple[timezone, DateQuality, str]:
    """The zone by its offset, else by its name, and the text without either."""
    if found := _OFFSET.search(text):
        offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        zone = timezone(-offset if found[1] == "-" else offset)
        return zone, "explicit", _squeeze(text[: found.start()] + " " + text[found.end() :])
    names = [n for n in _NAME.findall(text) if n in _ZONES]
    zone = timezone(timedelta(hours=_ZONES[names[0]])) if names else UTC
    quality: DateQuality = "explicit" if names and names[0] not in _AMBIGUOUS else "zone_guessed"
    return zone, quality, _squeeze(text)


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", _NAME.sub(" ", text).replace("@", " ").replace("(", " ").replace(")", " ")).strip()


def _day(text: str, now: datetime) -> datetime | None:
    for shape in _DAYS:
        if found := shape.search(text):
            year = int(found["y"])
            year += (2000 if year < 70 else 1900) if len(found["y"]) == 2 else 0
            return datetime(year, int(found["m"]), int(found["d"]), tzinfo=UTC)
    return _numeric(text, now)


def _numeric(text: str, now: datetime) -> datetime | None:
    """10/06/2025: the day stands first, unless that is no date, or lies ahead while the other reading does not."""
    if not (found := _NUMERIC.search(text)):
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    readings = [(second, first), (first, second)]
    days = [datetime(year, m, d, tzinfo=UTC) for m, d in readings if m <= 12]
    return next((d for d in days if d <= now + timedelta(days=1)), days[0] if days else None)
