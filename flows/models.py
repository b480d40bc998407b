"""The stance model that is named: a folder, or a model on the Hugging Face hub at a pinned revision.

ORESIGHT_STANCE_MODEL -> folder | org/name@revision -> snapshot in the hub's cache -> nlp.stance.load

Of a model on the hub only weights in safetensors, settings and tokenizer are fetched, never a pickle or any code.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from flows.errors import SettingsError
from flows.settings import ROOT, Settings
from nlp import foreign, stance

HYPOTHESES = ROOT / "config" / "hypotheses.toml"
FETCHED = ("*.safetensors", "*.json", "*.txt", "*.model", "README.md")
BRANCHES = frozenset({"main", "master", "head"})

_NAME = r"[A-Za-z0-9][\w.-]{0,95}"
_HUB = re.compile(rf"(?P<name>{_NAME}(?:/{_NAME})?)(?:@(?P<revision>[\w.-]{{0,100}}))?", re.ASCII)


def load(settings: Settings) -> stance.StanceModel:
    """The model that the settings name.

    Raises:
        SettingsError: a model on the hub is named without a revision that stays what it is.
        nlp.stance.StanceError: its files are missing or damaged, cannot be fetched, or cannot tell stances.
    """
    named = settings.stance_model
    hub = _HUB.fullmatch(str(named))
    if named.exists() or not hub or ("/" not in str(named) and not hub["revision"]):
        return stance.load(named, HYPOTHESES)
    revision = hub["revision"] or ""
    if revision.lower() in {"", *BRANCHES}:
        raise SettingsError(
            f"ORESIGHT_STANCE_MODEL: no folder {named} here, and a model on the hub needs the revision that you trust: "
            f"{hub['name']}@COMMIT, or @ and a tag"
        )
    foreign.needed(str(named))  # before gigabytes are fetched in vain
    return stance.load(_fetched(hub["name"], revision), HYPOTHESES, name=f"{hub['name']}@{revision[:12]}-")


def _fetched(name: str, revision: str) -> Path:
    """The folder of the hub's cache that holds this revision."""
    os.environ |= {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}  # before the import reads them
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only who names a model on the hub needs it
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415
    from huggingface_hub.utils import logging  # noqa: PLC0415

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # it tries six times, and tells of each

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(FETCHED)))
    except (HfHubHTTPError, OSError, LookupError, TypeError, ValueError) as error:  # the last three: no hub's answers
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise stance.StanceError(f"{name}@{revision}: cannot be fetched from the hub ({reason[:200]})") from error
