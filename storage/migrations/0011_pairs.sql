-- How many items name a mineral and a country, by week: asked of ten million items, a join takes seconds.
CREATE TABLE base.series_pairs (
    mineral VARCHAR NOT NULL,
    country VARCHAR NOT NULL,
    week_start DATE NOT NULL,
    community VARCHAR NOT NULL,
    stance VARCHAR NOT NULL,
    items BIGINT NOT NULL
);

INSERT INTO base.touched_days
SELECT DISTINCT day FROM base.labels WHERE day NOT IN (SELECT day FROM base.touched_days);
