"""What reading a text takes: gazetteers and model, loaded once per process."""

from __future__ import annotations

from dataclasses import dataclass

from flows.settings import GAZETTEERS, Settings
from nlp import gazetteer, mentions, stance


@dataclass(frozen=True, slots=True)
class Tools:
    """A reader of names, a model of stances, and the version of the gazetteers."""

    reader: mentions.Reader
    model: stance.StanceModel
    gates: str


def load(settings: Settings) -> Tools:
    """Load gazetteers and model.

    Raises:
        nlp.gazetteer.GazetteerError: a gazetteer has a bad row.
        nlp.stance.StanceError: the model's files are missing or damaged.
    """
    names = gazetteer.load(GAZETTEERS)
    return Tools(mentions.Reader(names), stance.load(settings.stance_model), names.version)
