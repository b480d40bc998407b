"""A bundled sample of feeds and threads, and the loopback server that serves it."""
