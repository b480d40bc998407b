-- When an item from Reddit was last asked for there; without a row: when it was collected.
CREATE TABLE base.deletion_checks (item_id UUID NOT NULL, checked_at TIMESTAMPTZ NOT NULL);

-- What was erased, and why; `erased_at` is NULL while a file of the home may still hold a trace of it.
CREATE TABLE base.purges (
    item_id UUID, -- NULL: all authors' hashes
    what VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    noticed_at TIMESTAMPTZ NOT NULL,
    erased_at TIMESTAMPTZ,
    run_id UUID NOT NULL
);
