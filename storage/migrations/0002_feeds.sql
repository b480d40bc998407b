-- What feeds teach over time: where they have moved, how often to ask them, what one story is.
ALTER TABLE base.channel_states ADD COLUMN configured VARCHAR;
ALTER TABLE base.channel_states ADD COLUMN address VARCHAR;
ALTER TABLE base.channel_states ADD COLUMN candidate VARCHAR;
ALTER TABLE base.channel_states ADD COLUMN sightings INTEGER DEFAULT 0;
ALTER TABLE base.channel_states ADD COLUMN interval_s INTEGER;
ALTER TABLE base.channel_states ADD COLUMN pause_s INTEGER;

-- How many code points of an item's text its feed gave; NULL where all of them.
ALTER TABLE base.items ADD COLUMN feed_length INTEGER;

-- News of the last days as far as it takes to recognise its stories; older rows are dropped.
CREATE TABLE base.story_marks (
    item_id UUID NOT NULL,
    title_key UUID, -- of the normalised headline; NULL where it is too short to tell a story
    shingles INTEGER NOT NULL, -- how many shingles are kept of it, also where they are not in base.story_shingles
    published_at TIMESTAMPTZ NOT NULL,
    marked_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE base.story_shingles (
    shingle UBIGINT NOT NULL,
    item_id UUID NOT NULL
);
