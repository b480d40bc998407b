"""Bytes in, items out: feeds over HTTP, subreddits through praw."""
