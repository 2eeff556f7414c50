-- Uploads in pieces that were begun and will not be ended: their destinations are to delete what they have of them.
-- Until when that lies there by itself; NULL where nobody said.
ALTER TABLE deliveries ADD COLUMN upload_expires INTEGER;

CREATE TABLE remnants (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    destination TEXT NOT NULL,
    -- Below the destination's address.
    path TEXT NOT NULL,
    expires_at INTEGER,
    -- What is deleted over there is here no more; see core/removal.py.
    state TEXT NOT NULL CHECK (state IN ('pending', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    last_attempt INTEGER,
    next_attempt INTEGER,
    UNIQUE (destination, path)
) WITHOUT ROWID;
CREATE INDEX remnants_due ON remnants (destination, state);
