-- What is known of a model's errors; `soft` where its probabilities are counted rather than its labels.
CREATE TABLE base.validations (
    model VARCHAR NOT NULL,
    record VARCHAR NOT NULL,
    told VARCHAR NOT NULL,
    soft BOOLEAN NOT NULL
);

-- Sums over the units of a cell, all whole numbers, so that no order of adding changes them. An answer counts in
-- ten-thousandths; a unit is an author of posts (weighing 3 at most) or a story of news (weighing 1).
CREATE TABLE base.series_tallies (
    week_start DATE NOT NULL,
    community VARCHAR NOT NULL,
    dimension VARCHAR NOT NULL,
    entity VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    weight BIGINT NOT NULL,
    square BIGINT NOT NULL,
    answers BIGINT[] NOT NULL,
    squared_answers BIGINT[] NOT NULL,
    products BIGINT[] NOT NULL
);

CREATE TABLE base.series_shares (
    week_start DATE NOT NULL,
    community VARCHAR NOT NULL,
    dimension VARCHAR NOT NULL,
    entity VARCHAR NOT NULL,
    stance VARCHAR NOT NULL,
    share DOUBLE,
    low DOUBLE,
    high DOUBLE,
    change DOUBLE,
    verdict VARCHAR,
    long_change DOUBLE,
    long_verdict VARCHAR
);

CREATE TABLE base.series_volumes (
    week_start DATE NOT NULL,
    community VARCHAR NOT NULL,
    dimension VARCHAR NOT NULL,
    entity VARCHAR NOT NULL,
    told BIGINT NOT NULL,
    expected DOUBLE,
    verdict VARCHAR NOT NULL
);

-- Weeks whose shares or volumes are to be estimated again.
CREATE TABLE base.touched_weeks (week_start DATE NOT NULL, what VARCHAR NOT NULL);

INSERT INTO base.touched_days
SELECT DISTINCT day FROM base.labels WHERE day NOT IN (SELECT day FROM base.touched_days);
