-- filters --
SELECT key, value FROM notes WHERE substr(key, 1, length(:prefix)) = :prefix;

-- trackers_of --
SELECT id, tracker FROM sessions WHERE id IN (SELECT value FROM json_each(:ids));

-- counts_by_tracker --
-- Of the destinations that have a filter.
SELECT destination, state, tracker, count(*) AS number
FROM deliveries JOIN sessions ON sessions.id = deliveries.session
WHERE destination IN (SELECT key FROM json_each(:filters))
GROUP BY destination, state, tracker;
