-- Whose session it is, without reading its row: that has the document in it.
CREATE INDEX sessions_by_tracker ON sessions (id, tracker);
