"""Series in, pages out.

    Digest -> moves.verdict -> page.page -> charts -> render.html | render.markdown | render.as_json

Every renderer reads one `records.Digest` and nothing else: no clock, no network, no store.
"""
