-- Of a session with many events, a destination may be sent a summary first: the revision right before the whole.

ALTER TABLE deliveries ADD COLUMN summary INTEGER NOT NULL DEFAULT 0;
