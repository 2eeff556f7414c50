-- tell_player --
-- Whom the file names. A name that was read once is not forgotten because a later look could not tell; where none was
-- read so far, it is `otherwise`.
INSERT INTO players VALUES (:session, :tracker, NULL, coalesce(:identity, :otherwise))
ON CONFLICT (session) DO UPDATE SET told = coalesce(:identity, told, :otherwise);

-- trust_player --
-- The same where nobody recut the session: it is whose its file says.
INSERT INTO players
SELECT :session, :tracker, said, said FROM (SELECT coalesce(:identity, :otherwise) AS said) WHERE true
ON CONFLICT (session) DO UPDATE SET
    told = coalesce(:identity, told, :otherwise), identity = coalesce(:identity, told, :otherwise);

-- name_player --
-- Whose a part is.
INSERT INTO players VALUES (:session, :tracker, :identity, NULL)
ON CONFLICT (session) DO UPDATE SET identity = excluded.identity;

-- told_players --
-- Whom the files of a plan's originals name.
SELECT originals.id, told FROM originals LEFT JOIN players ON players.session = originals.id WHERE plan = :plan;

-- players --
-- Every session that somebody is known to have played, or one of them.
SELECT session, tracker, identity FROM players
WHERE identity IS NOT NULL AND (:session IS NULL OR session = :session);

-- known_players --
SELECT DISTINCT tracker, identity FROM players
WHERE identity IS NOT NULL;

-- seen --
SELECT destination, players.tracker, identity, count(DISTINCT sessions.id) AS sessions,
    count(DISTINCT CASE WHEN state = 'pending' THEN sessions.id END) AS waiting
FROM players JOIN sessions ON sessions.id = players.session JOIN deliveries ON deliveries.session = players.session
WHERE identity IS NOT NULL AND merged_into IS NULL
GROUP BY destination, players.tracker, identity ORDER BY destination, players.tracker, identity;

-- counts_of_player --
SELECT destination, state, count(*) AS number
FROM players JOIN deliveries ON deliveries.session = players.session
WHERE tracker = :tracker AND identity = :identity
GROUP BY destination, state;

-- bindings --
SELECT * FROM bindings ORDER BY destination, tracker, identity;

-- add_binding --
INSERT INTO bindings VALUES (:destination, :tracker, :identity, :allowed, :decided_at);

-- drop_binding --
DELETE FROM bindings WHERE destination = :destination AND tracker = :tracker AND identity = :identity;

-- drop_bindings --
DELETE FROM bindings WHERE destination = :destination;
