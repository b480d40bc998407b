-- Reddit's archives: how far each file has been read, by what it was asked for.
CREATE TABLE base.archives (
    archive UUID NOT NULL, -- of name, size, head and what was asked
    file VARCHAR NOT NULL,
    size BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    asked VARCHAR NOT NULL,
    lines BIGINT NOT NULL,
    position BIGINT NOT NULL, -- bytes, unpacked
    seen BIGINT NOT NULL,
    kept BIGINT NOT NULL,
    erased BIGINT NOT NULL,
    bad BIGINT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    outcome VARCHAR, -- NULL: not through yet
    reason VARCHAR NOT NULL,
    run_id UUID NOT NULL
);

CREATE TABLE base.archive_spans (
    archive UUID NOT NULL,
    channel VARCHAR NOT NULL,
    from_at TIMESTAMPTZ NOT NULL,
    to_at TIMESTAMPTZ NOT NULL
);

-- Lines that could not be used; not their words, which may be someone's to take back.
CREATE TABLE base.quarantine (
    archive UUID NOT NULL,
    line BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    noted_at TIMESTAMPTZ NOT NULL
);

ALTER TABLE base.gaps ADD COLUMN filled_at TIMESTAMPTZ;
