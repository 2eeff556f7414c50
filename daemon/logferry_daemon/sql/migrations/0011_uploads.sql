-- How far a letter has come that is sent in pieces, or that the network cut; see core/tus.py.
-- The path is below the destination's address and empty while there is no upload.
ALTER TABLE deliveries ADD COLUMN upload_path TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN upload_offset INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN cuts INTEGER NOT NULL DEFAULT 0;
