-- What trackers keep besides sessions, and what became of it. Digests only: the spool never holds a paper's content.

CREATE TABLE papers (
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (source, path, kind, id)
) WITHOUT ROWID;

-- The journal. AUTOINCREMENT: a number is never used again, so whoever asks for what came after one misses nothing.
CREATE TABLE paper_changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('CREATE', 'UPDATE', 'DELETE')),
    digest TEXT CHECK ((digest IS NULL) = (action = 'DELETE')),
    at INTEGER NOT NULL
);
