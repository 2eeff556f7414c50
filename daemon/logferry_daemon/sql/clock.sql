-- see_through_deliveries --
-- What was last tried after :ahead waits by a clock that was set back since.
UPDATE deliveries SET next_attempt = NULL WHERE state = 'pending' AND next_attempt IS NOT NULL AND last_attempt > :ahead
RETURNING id;

-- see_through_copies --
UPDATE copies SET next_attempt = NULL WHERE state = 'pending' AND next_attempt IS NOT NULL AND last_attempt > :ahead
RETURNING id;

-- see_through_remnants --
UPDATE remnants SET next_attempt = NULL WHERE state = 'pending' AND next_attempt IS NOT NULL AND last_attempt > :ahead
RETURNING id;

-- since_notes --
-- Since when sources are followed and destinations are where they are; see ports/notes.py.
SELECT key, value FROM notes WHERE key LIKE 'source:%:since' OR key LIKE 'destination:%:since';
