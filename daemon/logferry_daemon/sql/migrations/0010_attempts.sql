-- Every try at a delivery, the latest fifty of each. They go with their delivery.
-- Whoever writes the table of deliveries anew keeps these aside meanwhile: dropping it would empty this one.

CREATE TABLE attempts (
    delivery TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    -- Counts on when the oldest are let go.
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    -- NULL where nobody saw it end.
    took_ms INTEGER,
    bytes INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('uploaded', 'later', 'refused', 'broken-off')),
    reason TEXT NOT NULL,
    PRIMARY KEY (delivery, number)
) WITHOUT ROWID;
