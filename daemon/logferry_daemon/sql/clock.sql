-- see_through_deliveries --
-- What was last tried after :ahead, or is to be tried after :latest, waits by a clock that was set back since: it waits
-- once more, since nobody knows how much of it is over, and what another side asked for is never cut short.
UPDATE deliveries SET
    last_attempt = :now, next_attempt = :now + max(0, min(next_attempt - last_attempt, :longest))
WHERE state = 'pending' AND next_attempt IS NOT NULL AND (last_attempt > :ahead OR next_attempt > :latest)
RETURNING id;

-- see_through_copies --
UPDATE copies SET
    last_attempt = :now, next_attempt = :now + max(0, min(next_attempt - last_attempt, :longest))
WHERE state = 'pending' AND next_attempt IS NOT NULL AND (last_attempt > :ahead OR next_attempt > :latest)
RETURNING id;

-- see_through_remnants --
UPDATE remnants SET
    last_attempt = :now, next_attempt = :now + max(0, min(next_attempt - last_attempt, :longest))
WHERE state = 'pending' AND next_attempt IS NOT NULL AND (last_attempt > :ahead OR next_attempt > :latest)
RETURNING id;

-- since_notes --
-- Since when sources are followed and destinations are where they are; see ports/notes.py.
SELECT key, value FROM notes WHERE key LIKE 'source:%:since' OR key LIKE 'destination:%:since';
