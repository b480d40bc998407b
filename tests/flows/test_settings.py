"""Settings: optional, checked, and silent about secrets."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from flows import settings
from flows.errors import SettingsError


def test_everything_is_optional(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without environment and .env the defaults stand, and Reddit has no keys."""
    for name in ("ORESIGHT_HOME", "ORESIGHT_HOST_DELAY", "REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/root")
    loaded = settings.load()
    assert loaded.home == Path("var")
    assert loaded.host_delay == 5
    assert not loaded.has_reddit_keys


def test_dot_env_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A variable of the environment stands over the same line in .env."""
    (tmp_path / ".env").write_text("ORESIGHT_HOME=/from-file\nORESIGHT_HOST_DELAY=2\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORESIGHT_HOST_DELAY", "1")
    monkeypatch.delenv("ORESIGHT_HOME", raising=False)
    loaded = settings.load()
    assert (loaded.home, loaded.host_delay) == (Path("/from-file"), 1)


def test_a_bad_value_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error names the variable, never its value."""
    monkeypatch.setenv("ORESIGHT_HOST_DELAY", "s3cret")
    with pytest.raises(SettingsError, match="ORESIGHT_HOST_DELAY") as caught:
        settings.load()
    assert "s3cret" not in str(caught.value)


def test_secrets_do_not_show() -> None:
    """No secret stands in a repr of the settings."""
    loaded = settings.load(author_key="s3cret", reddit_client_id="s3cret", reddit_client_secret="s3cret")
    assert "s3cret" not in repr(loaded)


def test_the_author_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """The key is made on first use, readable by its owner only, and stays."""
    loaded = settings.load(home=tmp_path / "home", author_key=None)
    key = settings.author_key(loaded)
    assert settings.author_key(loaded) == key
    assert len(key) == 64
    assert stat.S_IMODE((tmp_path / "home" / "author.key").stat().st_mode) == 0o600
