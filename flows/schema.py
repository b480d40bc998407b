"""The JSON Schema of the digest's JSON, made from the nouns: no line of it is written by hand.

    records.Digest -> pydantic -> what digest.render.as_json adds -> docs/digest.schema.json

python -m flows.schema writes it anew; a test holds the files and every example to it.
"""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic import TypeAdapter

from digest.render import FORMAT, SCHEMA
from flows.settings import ROOT
from records import Digest

FILES: Final = (ROOT / "docs" / "digest.schema.json", ROOT / "digest" / "digest.schema.json")
"""For readers of the repository, and with the package."""
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def digest_schema() -> dict[str, Any]:
    """The schema: every field is there, no other one is; dates and times as in ISO 8601."""
    made = TypeAdapter(Digest).json_schema(mode="serialization")
    kinds: dict[str, Any] = made.pop("$defs")
    health, country = kinds["Health"], {**kinds["Breakdown"], "title": "Country"}
    health["properties"] = {"delivered": {"type": "integer"}, "degraded": {"type": "boolean"}} | health["properties"]
    country["properties"] = country["properties"] | {"in_words": {"type": ["string", "null"]}}
    made["properties"]["countries"]["items"] = {"$ref": "#/$defs/Country"}
    head = {"$schema": {"const": SCHEMA}, "format": {"const": FORMAT}, "verdict": {"type": "string"}}
    made["properties"] = head | made["properties"]
    whole = {"$schema": _DIALECT, "$id": SCHEMA} | made | {"$defs": kinds | {"Country": country}}
    for one in (whole, *whole["$defs"].values()):
        one |= {"required": list(one["properties"]), "additionalProperties": False}
    return dict(_plain(whole))


def _plain(schema: Any) -> Any:
    """Without the titles that only repeat a property's name, and without defaults: nothing is ever left out."""
    if isinstance(schema, dict):
        named = isinstance(schema.get("title"), str) and "properties" not in schema
        return {k: _plain(v) for k, v in schema.items() if not (k == "title" and named) and k != "default"}
    return [_plain(one) for one in schema] if isinstance(schema, list) else schema


def text() -> str:
    """The files' contents."""
    return json.dumps(digest_schema(), indent=2) + "\n"


if __name__ == "__main__":
    for file in FILES:
        file.write_text(text(), encoding="utf-8")
