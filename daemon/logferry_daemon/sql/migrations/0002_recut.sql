-- Deliveries that wait to be asked for, deliveries of a backfill, and sessions that were split or joined by hand.
-- SQLite cannot change a CHECK: the table is written anew.

CREATE TABLE deliveries_anew (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id),
    revision INTEGER NOT NULL,
    destination TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('backlog', 'pending', 'uploading', 'uploaded', 'failed', 'excluded')),
    -- From before its source was followed or its destination set: it goes behind what is new, and within a budget.
    backfill INTEGER NOT NULL DEFAULT 0,
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
INSERT INTO deliveries_anew (
    id, session, revision, destination, state, idempotency_key, started_at, created_at, attempts, last_error,
    last_attempt, next_attempt, body, headers, payload_digest, bytes_sent, took_ms, uploaded_at, receipt, report_url
)
SELECT
    id, session, revision, destination, state, idempotency_key, started_at, created_at, attempts, last_error,
    last_attempt, next_attempt, body, headers, payload_digest, bytes_sent, took_ms, uploaded_at, receipt, report_url
FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_anew RENAME TO deliveries;
-- The worker's one question: which pending deliveries to this destination are due, the oldest of the new ones first.
CREATE INDEX deliveries_due ON deliveries (destination, state, backfill, started_at);

-- The plan that made this session, and the session that it became part of.
ALTER TABLE sessions ADD COLUMN plan TEXT;
ALTER TABLE sessions ADD COLUMN merged_into TEXT;

-- A session as its file tells it, kept while a plan makes others of it.
CREATE TABLE originals (
    id TEXT PRIMARY KEY,
    plan TEXT NOT NULL,
    source TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    events INTEGER NOT NULL,
    end_rule TEXT NOT NULL,
    document BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX originals_by_plan ON originals (plan);

CREATE TABLE cuts (
    plan TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (plan, at)
) WITHOUT ROWID;
