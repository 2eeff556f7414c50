-- Deliveries to a destination that is sent to at certain times wait until one of them has come, or their owner asks.

ALTER TABLE deliveries ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;
