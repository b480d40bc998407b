"""The version of this checkout, as pyproject.toml states it."""

from importlib.metadata import version

VERSION = version("oresight")
