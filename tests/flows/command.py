"""The real command in a process of its own, away from the developer's settings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ORESIGHT = Path(sys.executable).with_name("oresight")


def environment(home: Path, **more: str) -> dict[str, str]:
    """This process's environment without any of the product's own variables but those given."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ORESIGHT_", "REDDIT_", "SMTP_", "PREFECT_"))}
    return clean | {"ORESIGHT_HOME": str(home), "ORESIGHT_HOST_DELAY": "0", "COLUMNS": "160"} | more


def oresight(
    *args: str, home: Path, env: Mapping[str, str] | None = None, stdin: bytes = b"", timeout: float = 100
) -> subprocess.CompletedProcess[bytes]:
    """Run `oresight ARGS` in the home's parent, where no .env lies."""
    home.parent.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [str(ORESIGHT), *args],
        env=environment(home, **(env or {})),
        cwd=home.parent,
        input=stdin,
        capture_output=True,
        timeout=timeout,
        check=False,
    )
