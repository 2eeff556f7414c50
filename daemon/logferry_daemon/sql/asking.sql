-- let_go --
-- What waits for a destination's time, of one tracker or of all: that has come.
UPDATE deliveries SET asked = 1
WHERE destination = :destination AND state = 'pending' AND NOT asked
    AND (:tracker IS NULL OR :tracker = (SELECT tracker FROM sessions WHERE id = deliveries.session))
RETURNING id;

-- heed_only --
-- Of all but these destinations: whatever was heeded there.
DELETE FROM notes WHERE substr(key, 1, length(:heeded)) = :heeded
    AND substr(key, length(:heeded) + 1) NOT IN (SELECT value FROM json_each(:destinations));

-- unasked --
-- What waits for the time of its destination, or of one of them, by tracker.
SELECT destination, tracker, count(*) AS number FROM deliveries JOIN sessions ON sessions.id = deliveries.session
WHERE state = 'pending' AND NOT asked AND (:destination IS NULL OR destination = :destination)
GROUP BY destination, tracker ORDER BY destination, tracker;
