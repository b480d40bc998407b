"""ORESIGHT_STANCE_MODEL names a folder, or a model on the hub at a revision that stays what it is."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from flows.settings import ROOT
from tests.flows.command import environment, oresight

COMMIT = "5f3a" * 10
TORCH = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed (make torch)")


@contextmanager
def hub(files: dict[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """A hub on loopback with one model, org/tiny, at COMMIT; yields its address and the paths asked for."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            asked.append(self.path)
            name = self.path.rpartition("/")[2]
            if self.path.startswith(f"/api/models/org/tiny/tree/{COMMIT}"):
                tree = [{"type": "file", "path": n, "size": len(b), "oid": "0" * 40} for n, b in files.items()]
                self.answer(200, json.dumps(tree).encode())
            elif self.path.startswith("/api/models/org/tiny"):
                told = {"id": "org/tiny", "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}
                self.answer(200, json.dumps(told).encode())
            elif self.path.startswith(f"/org/tiny/resolve/{COMMIT}/") and name in files:
                self.answer(200, files[name])
            else:
                self.answer(404, b"{}")

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()[:40]}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def told(tmp_path: Path, named: str, **env: str) -> tuple[int, str]:
    """Exit code and the one line on stderr of `oresight analyze` with a model so named."""
    more = {"ORESIGHT_STANCE_MODEL": named, "HF_HOME": str(tmp_path / "hf"), **env}
    done = oresight("analyze", home=tmp_path / "var", env=more, stdin=b"Who will refine it?\n")
    assert done.stdout == b""
    (line,) = done.stderr.decode().splitlines()
    return done.returncode, line


@pytest.mark.parametrize("named", ["org/tiny", "org/tiny@", "org/tiny@main", "tiny@HEAD"])
def test_a_model_on_the_hub_needs_a_revision(tmp_path: Path, named: str) -> None:
    """Without a revision, or with a branch that moves, nothing is fetched: one line says how to name it."""
    code, line = told(tmp_path, named)
    assert code == 2
    assert "ORESIGHT_STANCE_MODEL" in line
    assert f"{named.partition('@')[0]}@COMMIT" in line
    assert not (tmp_path / "hf").exists()


def test_without_torch_one_line_says_what_to_install(tmp_path: Path) -> None:
    """Another maker's model without torch: what to install, before anything is fetched or read."""
    (tmp_path / "config.json").write_text("{}")
    for named in (str(tmp_path), f"org/tiny@{COMMIT}"):
        code = "import sys; sys.modules['torch'] = None; from flows.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, "analyze"],
            env=environment(tmp_path / "var", ORESIGHT_STANCE_MODEL=named, HF_ENDPOINT="http://127.0.0.1:1"),
            cwd=ROOT,
            input=b"x\n",
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (1, b"")
        assert (
            done.stderr.decode()
            == f"oresight: {named}: needs torch; install the train extra, pip install -e '.[train]'\n"
        )


@TORCH
def test_a_hub_out_of_reach_is_one_line(tmp_path: Path) -> None:
    """No network, nothing in the cache: exit 1 and one line that names model and revision."""
    code, line = told(tmp_path, "org/tiny@v1.2", HF_ENDPOINT="http://127.0.0.1:1")
    assert code == 1
    assert "org/tiny@v1.2" in line


@TORCH
def test_a_pinned_model_is_fetched_and_answers(tmp_path: Path) -> None:
    """Safetensors, settings and tokenizer are fetched at the commit; no pickle and no code is; its id says which."""
    from tests.nlp.test_foreign import build  # noqa: PLC0415

    labels = {0: "none", 1: "skeptic", 2: "industrial_collaboration", 3: "realist"}
    folder = build(tmp_path / "made", labels)
    files = {path.name: path.read_bytes() for path in folder.iterdir()} | {"pytorch_model.bin": b"x", "evil.py": b"x"}
    named = f"org/tiny@{COMMIT}"
    with hub(files) as (address, asked):
        env = {"ORESIGHT_STANCE_MODEL": named, "HF_HOME": str(tmp_path / "hf"), "HF_ENDPOINT": address}
        done = oresight("analyze", home=tmp_path / "var", env=env, stdin=b"Who will refine it?\n")
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["model"].startswith(f"org/tiny@{COMMIT[:12]}-")
    assert not [path for path in asked if path.endswith((".bin", ".py"))]
    again = oresight(
        "analyze", home=tmp_path / "var", env=env | {"HF_HUB_OFFLINE": "1"}, stdin=b"Who will refine it?\n"
    )
    assert again.stdout == done.stdout
