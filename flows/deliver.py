"""A week's digest to its recipients, each once.

    settings -> targets (e-mail addresses, chats)
    deliveries.begin: `sending`, committed -> one message a target -> journal, on disk -> deliveries.note -> snapshot

What is sent is made from the store at that moment and kept nowhere: a digest that waits for another try holds no words
that were erased meanwhile. The order makes a kill harmless: before a message leaves, the store says `sending`; after a
server has taken it, the journal says `sent` before the next one leaves. A kill between the two leaves at most that one
message unaccounted for: it is sent again, under the same Message-ID. So a kill costs at most one message that arrives
twice, and none that never arrives.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from digest import chat, mail
from flows import journal, notify, show, smtp, weeks
from flows.errors import SettingsError, UsageError
from flows.report import build, country_names
from flows.settings import GAZETTEERS, Settings, write_author_key
from flows.version import VERSION
from records import Digest
from storage import database, deliveries, items
from storage.deliveries import Delivery
from storage.errors import StoreBusy

KEY: Final = "delivery.key"
"""A file of the home: the key of the recipients' hashes. Without it everyone counts as new."""
PATIENCE_S: Final = 60.0
OLDEST: Final = timedelta(weeks=4)
"""A digest that could not be sent is given up when it is so old."""
SENT, FAILED, HELD = 0, 1, 4


@dataclass(frozen=True, slots=True)
class Target:
    """Someone who gets the digest: `name` is what people see, `address` is kept to ourselves."""

    kind: str
    name: str
    recipient: str  # the keyed hash of the address
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a week's digest; `held` says why nobody may get it."""

    week: str
    results: tuple[tuple[Target, Delivery], ...] = ()
    already: int = 0
    held: str = ""

    @property
    def waiting(self) -> bool:
        """Whether another try may help by itself."""
        return any(delivery.state == "waiting" for _, delivery in self.results)

    @property
    def code(self) -> int:
        """The exit code: 0 where everyone has it, 1 where somebody has not, 4 where it is held back."""
        if self.held:
            return HELD
        return SENT if all(delivery.state == "sent" for _, delivery in self.results) else FAILED


def has_recipients(settings: Settings) -> bool:
    """Whether anybody is to get digests."""
    return bool(settings.smtp_to or notify.addresses(settings))


def send_digest(settings: Settings, *, week: str, now: datetime) -> Sent:
    """Send the week's digest to whoever has not got it. Calling it again sends what is left, and nothing twice.

    Raises:
        UsageError: the sample, a week that is not over, nobody to send to, or settings that cannot be used.
        storage.errors.StorageError: another job is writing or sending, or the store cannot be read.
    """
    server, wanted = _checked(settings, week, now)
    digest = build(settings, week)
    if held := _held(digest):
        return Sent(week, held=held)
    with journal.sending(settings.home):
        chosen = targets(settings, wanted)
        begun = _begin(settings, [_wanted(settings, target, week, now) for target in chosen], now)
        left = [target for target in chosen if target.recipient in begun]
        results = []
        for target, result in _send(settings, server, digest, left):
            done = replace(begun[target.recipient], state=result.state, reason=result.reason, at=datetime.now(UTC))
            journal.append(settings.home, done)
            results.append((target, done))
        _settle(settings, now=now)
    return Sent(week, tuple(results), already=len(chosen) - len(left))


def send_due(settings: Settings, *, week: str, now: datetime) -> tuple[Sent, ...]:
    """`send_digest`, and before it every earlier week that waits for another try and is not too old.

    Raises:
        UsageError, storage.errors.StorageError: as `send_digest`.
    """
    _checked(settings, week, now)
    with database.open_snapshot(settings.home) as con:
        unsent = deliveries.unsent_weeks(con)
    first = weeks.monday(week) - OLDEST
    waiting = [other for other in unsent if first <= weeks.monday(other) < weeks.monday(week)]
    return tuple(send_digest(settings, week=one, now=now) for one in (*waiting, week))


def _checked(settings: Settings, week: str, now: datetime) -> tuple[smtp.Server | None, tuple[str, ...]]:
    """The mail server and the e-mail addresses, once nothing speaks against sending."""
    if settings.is_sample:
        raise UsageError(f"{settings.home} holds the bundled sample: a sample is never sent to anybody")
    if weeks.monday(week) + timedelta(days=7) > now.astimezone(UTC).date():
        raise UsageError(f"{week} is not over: a digest is sent of whole weeks; leave --send out to look at it")
    if not has_recipients(settings):
        raise UsageError("nobody to send to: set SMTP_HOST, SMTP_FROM and SMTP_TO, or ORESIGHT_NOTIFY_URLS")
    to = smtp.addresses("SMTP_TO", settings.smtp_to)
    if to and len(smtp.addresses("SMTP_FROM", settings.smtp_from)) != 1:
        raise SettingsError("SMTP_FROM is not set: name the one address that e-mails come from")
    return (smtp.server(settings) if to else None), to


def _held(digest: Digest) -> str:
    health = digest.health
    if not health.items:
        return f"no item of {digest.week} was read: there is nothing to send"
    if health.degraded:
        told = f"only {health.delivered} of {len(health.channels)} channels due delivered"
        return f"the digest of {digest.week} is degraded and not sent: {told}, fewer than 80 %"
    return ""


def targets(settings: Settings, to: Sequence[str]) -> tuple[Target, ...]:
    """Everyone who is to get a digest, e-mails first; makes the key of their hashes where there is none yet."""
    path = settings.home / KEY
    if not path.exists():
        write_author_key(path)
    key = path.read_text().strip().encode()
    mails = [("email", f"email ({place})", address) for place, address in enumerate(to, 1)]
    chats = [(name.partition(" ")[0], name, address) for name, address in notify.addresses(settings)]
    found = (Target(kind, name, _hash(key, kind, address), address) for kind, name, address in mails + chats)
    return tuple({target.recipient: target for target in found}.values())


def _hash(key: bytes, kind: str, address: str) -> str:
    same = address.lower() if kind == "email" else address
    return hmac.digest(key, f"{kind}\n{same}".encode(), hashlib.sha256).hex()[:32]


def _wanted(settings: Settings, target: Target, week: str, now: datetime) -> Delivery:
    is_mail = target.kind == "email"
    message_id = mail.message_id(week, _envelope(settings, target)) if is_mail else None
    return Delivery(week, target.recipient, target.kind, "sending", 0, now, message_id=message_id)


def _envelope(settings: Settings, target: Target) -> mail.Envelope:
    return mail.Envelope((settings.smtp_from or "").strip(), target.address, target.recipient)


def _begin(settings: Settings, wanted: Sequence[Delivery], now: datetime) -> dict[str, Delivery]:
    """What is left to be sent, by recipient, marked so in the store; first what an earlier job could not store."""
    with database.open_live(settings.home, job="send", now=now, wait_s=PATIENCE_S) as con:
        deliveries.note(con, journal.read(settings.home))
        begun = deliveries.begin(con, wanted)
    journal.clear(settings.home)
    return {delivery.recipient: delivery for delivery in begun}


def _send(
    settings: Settings, server: smtp.Server | None, digest: Digest, left: Sequence[Target]
) -> Iterator[tuple[Target, smtp.Result]]:
    """One message for each, e-mails first; each result as soon as it is known."""
    names = country_names(GAZETTEERS / "countries.csv")
    mails = [target for target in left if target.kind == "email"]
    if server and mails:
        made = mail.message(digest, names)
        envelopes = [_envelope(settings, target) for target in mails]
        letters = [smtp.Letter(e.sender, e.recipient, mail.addressed(made, e)) for e in envelopes]
        yield from zip(mails, smtp.post(server, letters), strict=True)
    title, body = chat.chat(digest, names)
    for target in left:
        if target.kind != "email":
            yield target, _told(notify.tell(target.name, target.address, title, body))


def _told(failure: notify.Failure | None) -> smtp.Result:
    if failure is None:
        return smtp.Result("sent")
    return smtp.Result("waiting" if failure.temporary else "failed", failure.reason)


def _settle(settings: Settings, *, now: datetime) -> None:
    """Put the journal into the store; where another job keeps it too long, the next sending does."""
    try:
        with database.open_live(settings.home, job="send", now=now, wait_s=PATIENCE_S) as con:
            run = items.start_run(con, "send", now=now, version=VERSION)
            deliveries.note(con, journal.read(settings.home))
            items.finish_run(con, run, "done", now=datetime.now(UTC))
        journal.clear(settings.home)
        database.publish(settings.home, wait_s=PATIENCE_S)
    except StoreBusy as busy:
        show.say(f"{busy}; who got the digest is kept in {settings.home / journal.NAME} until the next sending")


def lines(sent: Sent) -> Iterator[str]:
    """What became of it, for people: no address, no secret."""
    if sent.held:
        yield sent.held
        return
    done = [target.name for target, delivery in sent.results if delivery.state == "sent"]
    if done:
        yield f"the digest of {sent.week} was sent to {', '.join(done)}"
    if sent.already:
        whom = "1 recipient" if sent.already == 1 else f"{sent.already} recipients"
        yield f"the digest of {sent.week} was sent before to {whom}: nobody gets it twice"
    for target, delivery in sent.results:
        if delivery.state != "sent":
            how = "waits for another try" if delivery.state == "waiting" else "did not get it"
            yield f"{target.name} {how}: {delivery.reason}"
    if sent.code == FAILED:
        yield f"run `oresight digest --week {sent.week} --send` again: it sends what is left, and nothing twice"


def send_and_tell(settings: Settings, *, week: str, now: datetime) -> int:
    """`send_due`, told in lines; returns the exit code of the worst.

    Raises:
        UsageError, storage.errors.StorageError: as `send_digest`.
    """
    done = send_due(settings, week=week, now=now)
    for sent in done:
        for line in lines(sent):
            show.say(line)
    return max(sent.code for sent in done)
