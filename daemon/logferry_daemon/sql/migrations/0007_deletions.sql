-- Sessions that their owner deleted. An id is a digest of which session it is, and nothing of what was in it is kept.

CREATE TABLE deleted (
    id TEXT PRIMARY KEY,
    tracker TEXT NOT NULL,
    deleted_at INTEGER NOT NULL
) WITHOUT ROWID;

-- What destinations have of them, or may have, and whether they are to delete it; see core/removal.py.
CREATE TABLE copies (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    destination TEXT NOT NULL,
    -- Its name over there; empty where no receipt came, and only the key of the request is known.
    report TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    report_url TEXT,
    stopped_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('kept', 'pending', 'deleted', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    last_attempt INTEGER,
    next_attempt INTEGER,
    UNIQUE (session, destination, report, idempotency_key)
) WITHOUT ROWID;
CREATE INDEX copies_due ON copies (destination, state);
