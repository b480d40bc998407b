"""Tell which news of the last days are one story.

storage.stories.waiting -> nlp.stories (headline key, shingles) -> storage.stories.join, batch by batch
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nlp import stories as words
from storage import stories

BATCH = 5_000


def tell_stories(con: Any, *, now: datetime) -> int:
    """Look at all news that were not looked at yet. Returns how many stories turned out to be another's."""
    joined = 0
    while batch := stories.waiting(con, now=now, limit=BATCH):
        marks = [stories.Mark(i, words.title_key(title), words.shingles(text)) for i, title, text in batch]
        joined += stories.join(con, marks, words.same_story, now=now)
    return joined
