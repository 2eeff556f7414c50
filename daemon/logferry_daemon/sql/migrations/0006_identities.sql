-- Who played, in the log's own words, and whose sessions may go where. It stays here: no document and no letter has it.

CREATE TABLE players (
    session TEXT PRIMARY KEY,
    tracker TEXT NOT NULL,
    -- Whose it is; of what was joined by hand, all of them together.
    identity TEXT,
    -- Whom its file names; NULL where it names nobody, and for what only a split made.
    told TEXT
) WITHOUT ROWID;
-- Who played what is there already was not written down. Where a log could have said it, somebody did: that is asked.
INSERT INTO players SELECT id, tracker, '?', '?' FROM sessions WHERE tracker IN (
    'elite-dangerous', 'guild-wars-2-arcdps', 'hearthstone', 'mtg-arena', 'putt', 'resonance', 'rocket-league',
    'swg-bot', 'swtor', 'world-of-warcraft'
);
-- The worker asks who is known each time that it looks for something to send.
CREATE INDEX players_by_name ON players (tracker, identity);

CREATE TABLE bindings (
    destination TEXT NOT NULL,
    -- '*' for all trackers, and for all players.
    tracker TEXT NOT NULL,
    identity TEXT NOT NULL,
    allowed INTEGER NOT NULL,
    decided_at INTEGER NOT NULL,
    PRIMARY KEY (destination, tracker, identity)
) WITHOUT ROWID;
