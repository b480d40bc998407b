"""DuckDB and nothing else: the live file, its snapshots, and SQL over them."""
