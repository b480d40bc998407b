"""Sending as a step of the schedule."""

from __future__ import annotations

from pathlib import Path

import pytest
from prefect.logging import disable_run_logger

from flows.errors import SettingsError
from flows.posting import Unsent, may_help, send_task
from storage.errors import StoreBusy, StoreUnreadable
from tests.flows.mailserver import SENDER, mailserver
from tests.storage.made import item, made_home, scan


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (StoreBusy("x"), True),
        (Unsent("x", waiting=True), True),
        (Unsent("x", waiting=False), False),
        (StoreUnreadable("x"), False),
        (SettingsError("x"), False),
        (None, False),
    ],
)
def test_what_another_try_may_help(error: Exception | None, again: bool) -> None:
    """A busy store and a message that waits are tried again; what is to be mended first is not."""
    assert may_help(error) == again


def test_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sends, tells lines without addresses, and fails while somebody has not got it, so that it is tried again."""
    made_home(tmp_path / "var", [scan(item(n)) for n in range(3)])
    monkeypatch.chdir(tmp_path)
    with mailserver() as box, disable_run_logger():
        told = {"ORESIGHT_HOME": str(tmp_path / "var"), "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(box.port)}
        told |= {"SMTP_TLS": "none", "SMTP_FROM": SENDER, "SMTP_TO": "ada@example.org,ben@example.org"}
        for name, value in told.items():
            monkeypatch.setenv(name, value)
        for name in ("SMTP_USER", "SMTP_PASSWORD", "ORESIGHT_NOTIFY_URLS"):
            monkeypatch.delenv(name, raising=False)
        box.refused = {"ben@example.org": "451 later"}
        with pytest.raises(Unsent, match=r"email \(2\) waits for another try") as caught:
            send_task.fn("2026-W47")
        assert may_help(caught.value)
        box.refused = {}
        assert "was sent to email (2)" in send_task.fn("2026-W47")[0]
    assert box.recipients == ["ada@example.org", "ben@example.org"]
