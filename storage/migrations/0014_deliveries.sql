-- The week's digest on its way: one row for each week and recipient.
CREATE TABLE base.deliveries (
    week VARCHAR NOT NULL,
    recipient VARCHAR NOT NULL, -- a keyed hash of the address; the key is no part of the store
    kind VARCHAR NOT NULL, -- email, or the chat's kind
    state VARCHAR NOT NULL, -- sending, sent, waiting, failed
    tries INTEGER NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    reason VARCHAR NOT NULL,
    message_id VARCHAR -- NULL in chats
);
