-- What is asked at every delivery and every look at the status must not read ten thousand rows with their documents.
CREATE INDEX deliveries_by_state ON deliveries (state, uploaded_at, destination, bytes_sent, took_ms);
-- Behind the document in its row, and so behind all the pages of that.
CREATE INDEX sessions_by_whole ON sessions (merged_into, id);
