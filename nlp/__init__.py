"""Items in, labels out: mentions, gates, stance, shares."""
