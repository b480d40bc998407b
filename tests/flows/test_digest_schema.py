"""The digest's JSON keeps to its published schema, and the schema to the nouns.

`.venv/bin/python -m flows.schema` writes the files anew after a change of records.Digest.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from digest import render
from flows.schema import FILES, digest_schema, text
from tests.digest import examples


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """The published schema, itself valid."""
    schema = json.loads(FILES[0].read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_the_files_are_what_the_nouns_say() -> None:
    """Both files are made from records.Digest, to the byte."""
    assert [file.read_text(encoding="utf-8") for file in FILES] == [text()] * 2


@pytest.mark.parametrize("example", examples.ALL)
def test_every_digest_keeps_to_it(validator: Draft202012Validator, example: str) -> None:
    """Rich, poor, degraded and hostile weeks alike; and each names the schema it keeps to."""
    told = json.loads(render.as_json(examples.ALL[example](), examples.NAMES))
    validator.validate(told)
    assert told["$schema"] == digest_schema()["$id"] == render.SCHEMA
    assert told["format"].rpartition("/")[2] == render.SCHEMA.rpartition(":")[2]


@pytest.mark.parametrize(
    "change",
    [
        {"week": 47},
        {"more": 1},
        {"first_day": "16 November"},
        {"format": "oresight-digest/0"},
        {"week_total": {"name": "2026-W47"}},
        {"as_of": None},
    ],
)
def test_what_is_no_digest_is_refused(validator: Draft202012Validator, change: dict[str, Any]) -> None:
    """A wrong type, a field too many or too few, no date, another version."""
    told = json.loads(render.as_json(examples.thin()))
    with pytest.raises(ValidationError):
        validator.validate(told | change)
    del told["health"]
    with pytest.raises(ValidationError):
        validator.validate(told)
