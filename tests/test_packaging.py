"""The image, the compose file and the systemd unit give the product no more than it needs."""

from __future__ import annotations

import configparser
import re
from typing import Any

import pytest
import yaml

from flows import prefect_env
from flows.settings import ROOT, load

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
STAGES = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)


def instructions(name: str) -> list[str]:
    """The arguments of every such instruction, in order."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    return re.findall(rf"^{name} (.*)", joined, re.MULTILINE)


def test_the_image_is_built_in_stages_from_pinned_bases() -> None:
    """Two stages from a base whose version is named: compilers and caches stay behind, and no base moves under us."""
    assert len(STAGES) == 2
    assert all(re.fullmatch(r"python:3\.\d+(\.\d+)?-slim-\w+(@sha256:\w{64})?", stage) for stage in STAGES)


def test_the_image_installs_what_is_locked() -> None:
    """Everything from a registry is checked by its hash; our own wheel brings nothing of its own."""
    installs = [part for run in instructions("RUN") for part in run.split("&&") if "pip install" in part]
    assert installs
    assert all("--require-hashes" in part or "--no-deps" in part for part in installs)


def test_the_image_runs_as_nobody_in_particular() -> None:
    """A numbered user without rights or a shell, in a home of its own; and a sign of life that is ours."""
    assert instructions("USER") == ["10001:10001"]
    assert DOCKERFILE.rindex("\nUSER ") < DOCKERFILE.index("\nENTRYPOINT")
    assert "nologin" in DOCKERFILE
    assert '["oresight", "healthy"]' in instructions("HEALTHCHECK")[0]
    assert instructions("ENTRYPOINT") == ['["oresight"]']


def test_nothing_private_gets_into_the_image() -> None:
    """Only what is named is sent to the builder: no store, no history, no .env."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    named = {line[1:].split("/")[0] for line in lines if line.startswith("!")}
    assert lines[0] == "*"
    assert named.isdisjoint({"var", ".git", ".env", "tests", ".venv"})
    assert "**/.env" in lines
    assert all((ROOT / name).exists() for name in named)


@pytest.mark.parametrize("name", ["server", "worker"])
def test_a_container_has_no_more_than_it_needs(name: str) -> None:
    """Root file system read-only, no capabilities, no new privileges, bounded, watched and restarted."""
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"], service["user"]) == (True, ["ALL"], "10001:10001")
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["image"].rpartition(":")[2] not in ("", "latest")
    assert service["restart"] == "unless-stopped"
    assert {"mem_limit", "pids_limit", "healthcheck", "init"} <= set(service)
    assert not any("privileged" in key for key in service if key != "security_opt")
    assert all(":/var/lib/oresight" in volume for volume in service["volumes"])


def test_the_worker_waits_for_a_server_that_only_this_machine_reaches() -> None:
    """Prefect's pages ask nobody who they are: they are published on loopback alone."""
    assert SERVICES["worker"]["depends_on"] == {"server": {"condition": "service_healthy"}}
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["server"]["ports"])
    assert "ports" not in SERVICES["worker"]
    assert SERVICES["worker"]["environment"]["PREFECT_API_URL"] == "http://server:4200/api"


def test_the_containers_server_is_set_up_as_ours() -> None:
    """A server in a container has the settings of one that `oresight serve` starts."""
    expected = {**prefect_env.SERVER}
    assert expected.items() <= SERVICES["server"]["environment"].items()
    ours = prefect_env.for_server(load(home=ROOT / "x"))
    assert {"PREFECT_HOME", "PREFECT_SERVER_UI_STATIC_DIRECTORY"} <= set(ours)
    assert {"PREFECT_HOME", "PREFECT_SERVER_UI_STATIC_DIRECTORY"} <= set(SERVICES["server"]["environment"])


def test_no_secret_stands_in_a_file() -> None:
    """Keys come from .env, which need not be there; none is written into what is committed."""
    assert SERVICES["worker"]["env_file"] == [{"path": ".env", "required": False}]
    for path in ("Dockerfile", "compose.yaml", "deploy/oresight.service", "prefect.yaml"):
        assert not re.search(r"(SECRET|PASSWORD|TOKEN|AUTHOR_KEY)\w*\s*[=:]\s*\S", (ROOT / path).read_text()), path


def test_the_unit_is_hardened() -> None:
    """The service may write its state alone, gains nothing, and comes back when it dies."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((ROOT / "deploy" / "oresight.service").read_text())
    service = dict(unit["Service"])
    wanted = {
        "DynamicUser": "yes",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "CapabilityBoundingSet": "",
        "StateDirectory": "oresight",
        "Restart": "always",
    }
    assert wanted.items() <= service.items()
    assert service["ExecStart"].endswith("/oresight serve")
    assert service["Environment"] or service["EnvironmentFile"]
