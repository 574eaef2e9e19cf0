"""Finding documents by their words: our own thin service over SQLite FTS5 and PostgreSQL full text.

``words`` and ``marking`` are pure; ``tables`` makes the databases' indexes, ``index`` keeps the rows that they read,
``service`` answers. Selectors ask it; nothing else does.
"""
