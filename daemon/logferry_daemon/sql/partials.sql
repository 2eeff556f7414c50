-- partials --
-- Sessions of a source that nothing has ended yet, and when their newest version came.
SELECT id, coalesce(
    (SELECT max(created_at) FROM deliveries WHERE session = sessions.id AND revision = sessions.revision), found_at
) AS came_at
FROM sessions WHERE source = :source AND end_rule = '' AND merged_into IS NULL ORDER BY id;

-- sources_of_partials --
-- Whose sessions those are.
SELECT DISTINCT source FROM sessions WHERE end_rule = '' AND merged_into IS NULL ORDER BY source;

-- partial --
-- One of them whole.
SELECT source, revision, ended_at, leaks, removed, document FROM sessions
WHERE id = :id AND end_rule = '' AND merged_into IS NULL;
