"""What the environment and `.env` say, read once and passed on: no other module looks at either.

`.env.example` names exactly these fields; a test holds the two together.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from flows.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
GAZETTEERS = ROOT / "config" / "gazetteers"
SAMPLE_MARK = "SAMPLE-DATA"
"""A file of this name in a home says that its store holds the bundled sample, not the world."""
AUTHOR_KEY = "author.key"


def _zone(name: str) -> str:
    """The name of a time zone that exists."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone; write one as in Europe/Brussels or UTC") from None


class Settings(BaseSettings):
    """Every field is optional; secrets never appear in a repr, a log or an error."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore")

    home: Path = Field(Path("var"), alias="ORESIGHT_HOME")
    channels_file: Path | None = Field(None, alias="ORESIGHT_CHANNELS")
    stance_model: Path = Field(ROOT / "nlp" / "models" / "stance-minilm", alias="ORESIGHT_STANCE_MODEL")
    user_agent: str = Field(
        "oresight/0.1 (feed reader for research; no contact given: set ORESIGHT_USER_AGENT)",
        alias="ORESIGHT_USER_AGENT",
    )
    host_delay: float = Field(5.0, ge=0, le=3600, alias="ORESIGHT_HOST_DELAY")
    wait: float = Field(5.0, ge=0, le=86_400, alias="ORESIGHT_WAIT")
    allow_hosts: str = Field("", alias="ORESIGHT_ALLOW_HOSTS")
    author_key: SecretStr | None = Field(None, alias="ORESIGHT_AUTHOR_KEY")
    reddit_client_id: SecretStr | None = Field(None, alias="REDDIT_CLIENT_ID")
    reddit_client_secret: SecretStr | None = Field(None, alias="REDDIT_CLIENT_SECRET")
    reddit_username: SecretStr | None = Field(None, alias="REDDIT_USERNAME")
    reddit_password: SecretStr | None = Field(None, alias="REDDIT_PASSWORD")
    reddit_url: str | None = Field(None, alias="ORESIGHT_REDDIT_URL")
    timezone: Annotated[str, AfterValidator(_zone)] = Field("Europe/Brussels", alias="ORESIGHT_TIMEZONE")
    notify_urls: SecretStr | None = Field(None, alias="ORESIGHT_NOTIFY_URLS")
    smtp_host: str | None = Field(None, alias="SMTP_HOST")
    smtp_port: int | None = Field(None, ge=1, le=65535, alias="SMTP_PORT")
    smtp_user: str | None = Field(None, alias="SMTP_USER")
    smtp_password: SecretStr | None = Field(None, alias="SMTP_PASSWORD")
    smtp_from: str | None = Field(None, alias="SMTP_FROM")
    smtp_to: str | None = Field(None, alias="SMTP_TO")
    smtp_tls: Literal["starttls", "tls", "none"] = Field("starttls", alias="SMTP_TLS")
    smtp_ca_file: Path | None = Field(None, alias="SMTP_CA_FILE")

    @property
    def channels(self) -> Path:
        """The list of channels: the one that is named, else the home's own, else the one that ships."""
        own = self.home / "channels.toml"
        return self.channels_file or (own if own.exists() else ROOT / "config" / "channels.toml")

    @property
    def allowed(self) -> frozenset[str]:
        """The `host:port` pairs that may be private addresses."""
        return frozenset(entry.strip() for entry in self.allow_hosts.split(",") if entry.strip())

    @property
    def has_reddit_keys(self) -> bool:
        """Whether Reddit can be asked at all."""
        return self.reddit_client_id is not None and self.reddit_client_secret is not None

    @property
    def is_sample(self) -> bool:
        """Whether the home holds the bundled sample."""
        return (self.home / SAMPLE_MARK).exists()


def load(**overrides: Any) -> Settings:
    """Read the settings; `overrides`, by field name, win over the environment.

    Raises:
        SettingsError: a value cannot be used; the message names the variable and never its value.
    """
    try:
        return Settings(**{str(Settings.model_fields[name].alias): value for name, value in overrides.items()})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise SettingsError(f"{first['loc'][0]}: {first['msg']}; mend it in the environment or in .env") from None


def author_key(settings: Settings) -> bytes:
    """The key of the authors' hash: from the environment, else a file beside the store, made on first use."""
    if settings.author_key is not None:
        return settings.author_key.get_secret_value().encode()
    path = settings.home / AUTHOR_KEY
    if not path.exists():
        settings.home.mkdir(parents=True, exist_ok=True)
        write_author_key(path)
    return path.read_text().strip().encode()


def write_author_key(path: Path) -> None:
    """Put a new key at `path`, whole or not at all, for its owner's eyes only."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_hex(32))
    fresh.replace(path)
