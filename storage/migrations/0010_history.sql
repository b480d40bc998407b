-- What was known earlier. `scans` keeps one row an item, the reading that counts; what a later one took the place of
-- moves to former tables, as labels do already.
CREATE TABLE base.former_scans (
    item_id UUID NOT NULL,
    version INTEGER NOT NULL,
    model VARCHAR NOT NULL,
    gates VARCHAR NOT NULL,
    relevant BOOLEAN NOT NULL,
    language VARCHAR,
    skipped VARCHAR,
    scanned_at TIMESTAMPTZ NOT NULL,
    replaced_at TIMESTAMPTZ NOT NULL
);

INSERT INTO base.former_scans
SELECT item_id, version, model, gates, relevant, language, skipped, scanned_at,
       lead(scanned_at) OVER (PARTITION BY item_id ORDER BY scanned_at, version, model, gates) AS replaced_at
FROM base.scans QUALIFY replaced_at IS NOT NULL;

DELETE FROM base.scans USING base.former_scans AS former
WHERE scans.item_id = former.item_id AND scans.version = former.version AND scans.model = former.model
  AND scans.gates = former.gates;

ALTER TABLE base.former_labels ADD COLUMN evidence_start INTEGER;
ALTER TABLE base.former_labels ADD COLUMN evidence_end INTEGER;
ALTER TABLE base.former_labels ADD COLUMN themes VARCHAR[];

-- What an item was found to name, where a later reading or an edit changed that; each name once, no words.
CREATE TABLE base.former_mentions (
    item_id UUID NOT NULL,
    names STRUCT(type VARCHAR, entity VARCHAR)[] NOT NULL,
    replaced_at TIMESTAMPTZ NOT NULL
);

-- The story that an item told before that turned out to be another's.
CREATE TABLE base.former_stories (
    item_id UUID NOT NULL,
    story_id UUID NOT NULL,
    replaced_at TIMESTAMPTZ NOT NULL
);

-- Every record of a model's errors that was ever in use; the newest of a model is in base.validations too.
CREATE TABLE base.known_validations (
    model VARCHAR NOT NULL,
    record VARCHAR NOT NULL,
    told VARCHAR NOT NULL,
    soft BOOLEAN NOT NULL,
    registered_at TIMESTAMPTZ NOT NULL
);

-- Weeks of communities in which too little was asked or too much was lost for their volume to be judged.
CREATE TABLE base.series_gaps (week_start DATE NOT NULL, community VARCHAR NOT NULL, gap BOOLEAN NOT NULL);
