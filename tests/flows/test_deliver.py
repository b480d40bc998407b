"""A week's digest is sent to each recipient once: whatever is retried, refused, cut off or killed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from flows import deliver, journal
from flows.deliver import Sent, lines, send_digest, send_due, targets
from flows.errors import SettingsError, UsageError
from flows.settings import SAMPLE_MARK, Settings, load
from records import ChannelState, FetchResult
from storage import database, deliveries, items
from storage.deliveries import Delivery
from storage.errors import StoreBusy
from tests.flows.command import ORESIGHT, environment, oresight
from tests.flows.hooks import Hook, hook
from tests.flows.mailserver import PASSWORD, SENDER, USER, Authority, Box, mailserver
from tests.storage.made import NOW, fill, item, scan

WEEK, BEFORE = "2026-W47", "2026-W46"
TO = ("ada@example.org", "ben@example.net", "cyd@example.com")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two weeks of items, whose one channel delivered."""
    home = tmp_path_factory.mktemp("made") / "var"
    stances = ("realist", "industrial_collaboration", "skeptic", "realist")
    days = [NOW - timedelta(days=6 if n < 30 else 13) for n in range(40)]
    with database.open_live(home, job="test", now=NOW) as con:
        fill(con, [scan(item(n, published_at=day), stances[n % 4]) for n, day in enumerate(days)])
    database.publish(home)
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A copy of that home."""
    return shutil.copytree(made, tmp_path / "var", symlinks=True)


@pytest.fixture
def box() -> Iterator[Box]:
    """A mail server on this machine, without TLS."""
    with mailserver() as server:
        yield server


def settings(home: Path, box: Box | None, *to: str, chat: Hook | None = None) -> Settings:
    """Settings that lead to these."""
    values: dict[str, Any] = {"smtp_user": None, "smtp_password": None, "smtp_ca_file": None, "smtp_tls": "none"}
    values |= {"smtp_host": "127.0.0.1", "smtp_port": box.port if box else 25, "smtp_from": SENDER}
    return load(home=home, **values, smtp_to=",".join(to or TO), notify_urls=chat.address() if chat else None)


def send(home: Path, box: Box, *to: str, chat: Hook | None = None, week: str = WEEK) -> Sent:
    """Send the week's digest now."""
    return send_digest(settings(home, box, *to, chat=chat), week=week, now=NOW)


def states(home: Path, week: str = WEEK) -> list[tuple[str, str, int]]:
    """What readers of the snapshot see, by kind."""
    with database.open_snapshot(home) as con:
        rows = con.execute("SELECT kind, state, tries FROM deliveries WHERE week = ? ORDER BY ALL", [week]).fetchall()
    return [(kind, state, tries) for kind, state, tries in rows]


def test_everyone_gets_it_once(home: Path, box: Box) -> None:
    """E-mails and chat, each once; sent again it goes to nobody, and to a newcomer alone."""
    with hook() as chat:
        first, again = send(home, box, chat=chat), send(home, box, chat=chat)
        assert [first.code, again.code] == [0, 0]
        assert box.recipients == list(TO)
        assert [sent["title"] for _, sent in chat.taken] == ["Oresight, Week 47, 16–22 November 2026"]
        assert list(lines(again)) == [f"the digest of {WEEK} was sent before to 4 recipients: nobody gets it twice"]
        third = send(home, box, *TO, "dan@example.org", chat=chat)
    assert box.recipients == [*TO, "dan@example.org"]
    assert (third.already, len(chat.taken)) == (4, 1)
    assert states(home) == [("email", "sent", 1)] * 4 + [("json", "sent", 1)]


def test_who_is_written_twice_is_one(home: Path, box: Box) -> None:
    """An address in another case is the same recipient."""
    send(home, box, "ada@example.org", "Ada@Example.org")
    assert [address.lower() for address in box.recipients] == ["ada@example.org"]


def test_another_week_is_another_digest(home: Path, box: Box) -> None:
    """A week before is sent as well, under another Message-ID."""
    for week in (WEEK, BEFORE):
        send(home, box, "ada@example.org", week=week)
    ids = [message_from_bytes(data, policy=SMTP)["Message-ID"] for _, data in box.letters]
    assert len(set(ids)) == 2
    with database.open_snapshot(home) as con:
        assert con.execute("SELECT message_id FROM deliveries ORDER BY week DESC").fetchall() == [(i,) for i in ids]


def test_greylisting_is_tried_again_and_nobody_is_lost(home: Path, box: Box) -> None:
    """451 waits: the others have it, the next sending brings it to whom it waited for, and to nobody else."""
    box.refused = {TO[1]: "451 4.7.1 greylisted, come again"}
    first = send(home, box)
    assert (first.code, first.waiting) == (1, True)
    assert box.recipients == [TO[0], TO[2]]
    assert [line for line in lines(first) if "email (2)" in line] == [
        "email (2) waits for another try: the server refused the recipient: 451 4.7.1 greylisted, come again"
    ]
    box.refused = {}
    second = send(home, box)
    assert (second.code, second.already) == (0, 2)
    assert box.recipients == [TO[0], TO[2], TO[1]]
    assert states(home) == [("email", "sent", 1), ("email", "sent", 1), ("email", "sent", 2)]


def test_an_unknown_recipient_stops_nobody(home: Path, box: Box) -> None:
    """A recipient refused for good is told with the reason; no address is in the store."""
    box.refused = {TO[0]: f"550 5.1.1 <{TO[0]}> unknown"}
    sent = send(home, box)
    assert (sent.code, sent.waiting) == (1, False)
    assert box.recipients == list(TO[1:])
    with database.open_snapshot(home) as con:
        rows = str(con.execute("SELECT * FROM deliveries").fetchall())
    assert "550 5.1.1 <...> unknown" in rows
    assert not any(address.split("@")[0] + "@" in rows for address in (*TO, SENDER))


def test_a_chat_that_fails_stops_no_e_mail(home: Path, box: Box) -> None:
    """What a chat answers decides whether another try helps; the e-mails are sent."""
    with hook() as chat:
        for status, waiting in ((503, True), (403, False)):
            chat.status = status
            sent = send(home, box, chat=chat)
            assert (sent.code, sent.waiting) == (1, waiting)
    assert box.recipients == list(TO)
    assert states(home)[-1] == ("json", "failed", 2)


def test_what_a_killed_job_had_noted_is_not_sent_again(home: Path, box: Box) -> None:
    """The journal of a job that was killed before it reached the store counts; its torn last line does not."""
    given = settings(home, box)
    ada, ben, _ = targets(given, TO)
    with database.open_live(home, job="send", now=NOW) as con:
        begun = deliveries.begin(con, [Delivery(WEEK, t.recipient, "email", "sending", 0, NOW) for t in (ada, ben)])
    journal.append(home, replace(begun[0], state="sent"))
    journal.append(home, replace(begun[1], state="sent"))
    whole = (home / journal.NAME).read_bytes()
    (home / journal.NAME).write_bytes(whole[:-9])
    assert send(home, box).already == 1
    assert box.recipients == [TO[1], TO[2]]
    assert not (home / journal.NAME).exists()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_kill_costs_one_message_twice_at_most_and_loses_none(home: Path, box: Box) -> None:
    """Killed after a server took a message and before its answer: that one comes twice, as one; all come."""
    box.stall_at = 2
    env = environment(home, SMTP_HOST="127.0.0.1", SMTP_PORT=str(box.port), SMTP_TLS="none", SMTP_FROM=SENDER)
    env["SMTP_TO"] = ",".join(TO)
    command = [str(ORESIGHT), "digest", "--week", WEEK, "--format", "md", "--send"]
    with subprocess.Popen(command, env=env, cwd=home.parent, stderr=subprocess.DEVNULL) as process:
        assert box.stalled.wait(250)
        process.kill()
    assert box.recipients == [TO[0], TO[1]]
    assert send(home, box).already == 1
    assert box.recipients == [TO[0], TO[1], TO[1], TO[2]]
    ids = [message_from_bytes(data, policy=SMTP)["Message-ID"] for _, data in box.letters]
    assert ids[1] == ids[2]
    assert len(set(ids)) == 3


def test_one_sender_at_a_time(home: Path, box: Box) -> None:
    """While one job sends another one ends at once, with a line."""
    with journal.sending(home), pytest.raises(StoreBusy, match="another job is sending"):
        send(home, box)
    assert box.letters == []


def test_a_degraded_week_is_not_sent(home: Path, box: Box) -> None:
    """Below 80 % of the channels nobody gets it: exit 4, one line."""
    with database.open_live(home, job="test", now=NOW) as con:
        later = NOW + timedelta(hours=1)
        run = items.start_run(con, "collect", now=later, version="0")
        for name in ("mining-weekly", "other"):
            items.add(con, run, FetchResult(name, "hard", "gone"), ChannelState(name, "hard"), now=later)
    database.publish(home)
    sent = send(home, box)
    assert sent.code == 4
    assert list(lines(sent)) == [
        f"the digest of {WEEK} is degraded and not sent: only 0 of 2 channels due delivered, fewer than 80 %"
    ]
    assert (box.letters, states(home)) == ([], [])


def test_what_is_never_sent(home: Path, box: Box) -> None:
    """An empty week is held; the sample, an unfinished week, and digests to nobody are wrong use."""
    assert send(home, box, week="2026-W30").held == "no item of 2026-W30 was read: there is nothing to send"
    with pytest.raises(UsageError, match="2026-W48 is not over"):
        send(home, box, week="2026-W48")
    with pytest.raises(UsageError, match="nobody to send to"):
        send_digest(load(home=home, smtp_to=None, notify_urls=None), week=WEEK, now=NOW)
    with pytest.raises(SettingsError, match="SMTP_FROM is not set"):
        send_digest(load(home=home, smtp_to=TO[0], smtp_from=None), week=WEEK, now=NOW)
    (home / SAMPLE_MARK).write_text("")
    with pytest.raises(UsageError, match="a sample is never sent"):
        send(home, box)
    assert box.letters == []


def test_earlier_weeks_that_wait_are_sent_too(home: Path, box: Box) -> None:
    """What waited since last week goes out with this week's; what is older than four weeks is given up."""
    box.refused = dict.fromkeys(TO, "450 4.2.1 later")
    send(home, box, week=BEFORE)
    box.refused = {}
    given = settings(home, box)
    assert [(sent.week, sent.code) for sent in send_due(given, week=WEEK, now=NOW)] == [(BEFORE, 0), (WEEK, 0)]
    assert [sent.week for sent in send_due(given, week=WEEK, now=NOW)] == [WEEK]
    assert len(box.letters) == 6


def test_an_erased_word_is_in_no_later_message(home: Path, box: Box) -> None:
    """A digest that waits is made anew when it is sent: nothing of it is kept meanwhile."""
    box.refused = dict.fromkeys(TO, "451 4.7.1 later")
    send(home, box)
    files = [path for path in home.rglob("*") if path.is_file() and b"Europe cannot refine" in path.read_bytes()]
    assert {path.suffix for path in files} == {".duckdb"}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_command(home: Path, tmp_path: Path) -> None:
    """`oresight digest --send` over STARTTLS with a login, and to a chat; no secret is told, whatever is logged."""
    authority = Authority(tmp_path)
    with mailserver(authority.context(), login=True) as box, hook() as chat:
        env = {
            "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(box.port), "SMTP_USER": USER, "SMTP_PASSWORD": PASSWORD,
            "SMTP_FROM": SENDER, "SMTP_TO": ", ".join(TO), "SMTP_CA_FILE": str(authority.file),
            "ORESIGHT_NOTIFY_URLS": chat.address("/hunter2"),
        }  # fmt: skip
        command = ("--debug", "digest", "--week", WEEK, "--format", "eml", "--send")
        first = oresight(*command, home=home, env=env, timeout=250)
    assert first.returncode == 0, first.stderr.decode()
    assert f"{WEEK}.eml".encode() in first.stdout
    assert f"the digest of {WEEK} was sent to email (1), email (2), email (3), json (1)" in first.stderr.decode()
    assert [state for _, state, _ in states(home)] == ["sent"] * 4
    assert (box.recipients, box.encrypted, len(chat.taken)) == (list(TO), [True] * 3, 1)
    told = first.stdout + first.stderr
    assert not any(word.encode() in told for word in (PASSWORD, USER, "hunter2", *TO))


def test_what_shows_of_a_target(home: Path, box: Box) -> None:
    """Neither its repr nor its name tells an address; another home gives the same address another hash."""
    found = targets(settings(home, box), TO)
    assert not any(address in repr(found) for address in TO)
    assert [target.name for target in found] == ["email (1)", "email (2)", "email (3)"]
    assert (home / deliver.KEY).stat().st_mode & 0o777 == 0o600
    (home / deliver.KEY).unlink()
    assert {t.recipient for t in targets(settings(home, box), TO)}.isdisjoint(t.recipient for t in found)
