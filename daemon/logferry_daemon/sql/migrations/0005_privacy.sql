-- What was taken out of a session, where something private was left in it, and the texts that its owner lets out.

ALTER TABLE sessions ADD COLUMN removed TEXT NOT NULL DEFAULT '[]';
-- Not empty: the document is an empty frame, and nothing is sent.
ALTER TABLE sessions ADD COLUMN leaks TEXT NOT NULL DEFAULT '[]';

-- Only of groups that some destination is sent as the log says them; forgotten when none is any more.
CREATE TABLE kept (
    slot TEXT NOT NULL,
    session TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (slot, session)
) WITHOUT ROWID;

-- The lines that were agreed to.
ALTER TABLE grants ADD COLUMN terms TEXT NOT NULL DEFAULT '[]';
