-- The first shape of the spool. Times are whole milliseconds since 1970, UTC.

CREATE TABLE notes (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE files (
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode TEXT NOT NULL,
    device TEXT NOT NULL,
    head TEXT NOT NULL,
    head_size INTEGER NOT NULL,
    read_offset INTEGER NOT NULL,
    read_line INTEGER NOT NULL,
    first_at INTEGER,
    running INTEGER NOT NULL,
    troubles TEXT NOT NULL,
    PRIMARY KEY (source, path)
) WITHOUT ROWID;

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    tracker TEXT NOT NULL,
    natural_key TEXT NOT NULL,
    source TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    events INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    end_rule TEXT NOT NULL,
    end_evidence TEXT NOT NULL,
    end_confidence REAL NOT NULL,
    found_at INTEGER NOT NULL,
    document BLOB NOT NULL
);
CREATE INDEX sessions_by_start ON sessions (started_at);

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id),
    revision INTEGER NOT NULL,
    destination TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'uploading', 'uploaded', 'failed', 'excluded')),
    idempotency_key TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    last_attempt INTEGER,
    next_attempt INTEGER,
    -- The letter: written once, before the first request, and emptied when it has arrived.
    body BLOB,
    headers TEXT,
    payload_digest TEXT,
    bytes_sent INTEGER NOT NULL DEFAULT 0,
    took_ms INTEGER,
    uploaded_at INTEGER,
    receipt TEXT,
    report_url TEXT,
    UNIQUE (session, revision, destination)
);
-- The worker's one question: which pending deliveries to this destination are due, oldest first.
CREATE INDEX deliveries_due ON deliveries (destination, state, started_at);

CREATE TABLE grants (
    destination TEXT PRIMARY KEY,
    policy_digest TEXT NOT NULL,
    policy_version INTEGER NOT NULL,
    granted_at INTEGER NOT NULL
) WITHOUT ROWID;
