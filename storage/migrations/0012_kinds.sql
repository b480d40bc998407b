-- News and posts are answered differently: what a share is estimated from is kept apart by kind of source.
ALTER TABLE base.series_tallies ADD COLUMN source_kind VARCHAR;

INSERT INTO base.touched_days
SELECT DISTINCT day FROM base.labels WHERE day NOT IN (SELECT day FROM base.touched_days);
