-- Threads whose comments are not through: when they were read last, when they are to be read again.
CREATE TABLE base.threads (
    guid VARCHAR NOT NULL, -- Reddit's fullname; title and address are the item's
    channel VARCHAR NOT NULL,
    published_at TIMESTAMPTZ NOT NULL,
    read_at TIMESTAMPTZ,
    due_at TIMESTAMPTZ -- NULL: no visit more, only stubs are left
);

-- Comments that Reddit left out of its answers, to be asked for by a later run.
CREATE TABLE base.stubs (
    thread VARCHAR NOT NULL,
    parent VARCHAR NOT NULL,
    children VARCHAR[] NOT NULL, -- none where the thread was too deep to show
    count INTEGER NOT NULL, -- comments behind it, as Reddit says
    unread BOOLEAN NOT NULL, -- something behind it was never read
    tries INTEGER NOT NULL
);

-- Threads of a store that is older than this file are visited as if they had been read when they were first seen.
INSERT INTO base.threads
SELECT guid, channel, published_at, first_seen_at, first_seen_at FROM base.items
WHERE item_id = thread_id AND deleted_at IS NULL
  AND published_at > (SELECT max(first_seen_at) FROM base.items) - INTERVAL 48 HOURS;
