-- What was found to be wrong: one row from when it was seen until it was well again.
CREATE TABLE base.alerts (
    condition VARCHAR NOT NULL, -- what is wrong, such as dead:CHANNEL; one open row for each
    text VARCHAR NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    told_at TIMESTAMPTZ,
    cleared_at TIMESTAMPTZ,
    cleared_told_at TIMESTAMPTZ
);
