-- filters --
SELECT key, value FROM notes WHERE substr(key, 1, length(:prefix)) = :prefix;

-- trackers_of --
SELECT id, tracker FROM sessions WHERE id IN (SELECT value FROM json_each(:ids));

-- counts_by_tracker --
-- Of the destinations that have a filter, what was not sent: nothing else is left out.
SELECT destination, state, tracker, count(*) AS number
-- By this index and not by the key: the rows of sessions have their documents in them.
FROM deliveries JOIN sessions INDEXED BY sessions_by_tracker ON sessions.id = deliveries.session
WHERE destination IN (SELECT key FROM json_each(:filters)) AND state IN (SELECT value FROM json_each(:unsent))
GROUP BY destination, state, tracker;
