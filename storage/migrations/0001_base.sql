-- No foreign keys, no indexes, no enumerations: uniqueness is kept by anti-joins under the one writer's lock.
CREATE TABLE base.runs (
    run_id UUID NOT NULL,
    kind VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    outcome VARCHAR
);

CREATE TABLE base.channels (
    channel VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    community VARCHAR NOT NULL,
    keep VARCHAR NOT NULL
);

CREATE TABLE base.channel_states (
    channel VARCHAR NOT NULL,
    state VARCHAR,
    reason VARCHAR NOT NULL,
    etag VARCHAR,
    last_modified VARCHAR,
    body_hash VARCHAR,
    watermark TIMESTAMPTZ,
    last_attempt_at TIMESTAMPTZ,
    last_success_at TIMESTAMPTZ,
    next_due_at TIMESTAMPTZ,
    failures INTEGER NOT NULL
);

CREATE TABLE base.coverage (
    run_id UUID NOT NULL,
    channel VARCHAR NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    state VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    fetched BIGINT NOT NULL,
    new BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    dropped BIGINT NOT NULL
);

CREATE TABLE base.gaps (
    channel VARCHAR NOT NULL,
    from_at TIMESTAMPTZ,
    to_at TIMESTAMPTZ NOT NULL,
    reason VARCHAR NOT NULL,
    run_id UUID NOT NULL
);

CREATE TABLE base.items (
    item_id UUID NOT NULL,
    source_kind VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    community VARCHAR NOT NULL,
    guid VARCHAR NOT NULL,
    url VARCHAR,
    original_url VARCHAR,
    title VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    text_hash UUID NOT NULL, -- of the text as it came: a forgotten body that comes again is no change
    context VARCHAR,
    published_at TIMESTAMPTZ NOT NULL,
    published_raw VARCHAR,
    date_quality VARCHAR NOT NULL,
    day DATE NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    thread_id UUID,
    parent_id UUID,
    story_id UUID,
    author_hash VARCHAR,
    flags VARCHAR[] NOT NULL,
    version INTEGER NOT NULL,
    relevant BOOLEAN,
    language VARCHAR,
    deleted_at TIMESTAMPTZ,
    run_id UUID NOT NULL
);

CREATE TABLE base.item_versions (
    item_id UUID NOT NULL,
    version INTEGER NOT NULL,
    title VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    url VARCHAR,
    text_hash UUID NOT NULL,
    changed VARCHAR[] NOT NULL,
    replaced_at TIMESTAMPTZ NOT NULL,
    run_id UUID NOT NULL
);

CREATE TABLE base.scans (
    item_id UUID NOT NULL,
    version INTEGER NOT NULL,
    model VARCHAR NOT NULL,
    gates VARCHAR NOT NULL,
    relevant BOOLEAN NOT NULL,
    language VARCHAR,
    skipped VARCHAR,
    scanned_at TIMESTAMPTZ NOT NULL
);

-- One row for each labelled item; source, community and day are repeated here so that series need no join.
CREATE TABLE base.labels (
    item_id UUID NOT NULL,
    version INTEGER NOT NULL,
    model VARCHAR NOT NULL,
    gates VARCHAR NOT NULL,
    source_kind VARCHAR NOT NULL,
    community VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    day DATE NOT NULL,
    stance VARCHAR NOT NULL,
    abstained BOOLEAN NOT NULL,
    confidence DOUBLE NOT NULL,
    p_realist DOUBLE NOT NULL,
    p_industrial_collaboration DOUBLE NOT NULL,
    p_skeptic DOUBLE NOT NULL,
    p_none DOUBLE NOT NULL,
    evidence_start INTEGER,
    evidence_end INTEGER,
    labelled_at TIMESTAMPTZ NOT NULL
);

-- What a later model, other gates or a later version of the item took the place of.
CREATE TABLE base.former_labels (
    item_id UUID NOT NULL,
    version INTEGER NOT NULL,
    model VARCHAR NOT NULL,
    gates VARCHAR NOT NULL,
    stance VARCHAR NOT NULL,
    abstained BOOLEAN NOT NULL,
    confidence DOUBLE NOT NULL,
    p_realist DOUBLE NOT NULL,
    p_industrial_collaboration DOUBLE NOT NULL,
    p_skeptic DOUBLE NOT NULL,
    p_none DOUBLE NOT NULL,
    labelled_at TIMESTAMPTZ NOT NULL,
    replaced_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE base.mentions (
    item_id UUID NOT NULL,
    day DATE NOT NULL,
    type VARCHAR NOT NULL,
    entity VARCHAR NOT NULL,
    surface VARCHAR NOT NULL,
    span_start INTEGER NOT NULL,
    span_end INTEGER NOT NULL
);

CREATE TABLE base.models (
    model VARCHAR NOT NULL,
    quality VARCHAR NOT NULL,
    card VARCHAR NOT NULL,
    registered_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ
);

CREATE TABLE base.touched_days (day DATE NOT NULL);

CREATE TABLE base.series_daily (
    day DATE NOT NULL,
    source_kind VARCHAR NOT NULL,
    community VARCHAR NOT NULL,
    dimension VARCHAR NOT NULL,
    entity VARCHAR NOT NULL,
    stance VARCHAR NOT NULL,
    items BIGINT NOT NULL
);

CREATE TABLE base.refreshes (refreshed_at TIMESTAMPTZ NOT NULL, days INTEGER NOT NULL);
