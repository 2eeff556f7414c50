-- file_remnant --
-- Of an upload that was begun: before its delivery forgets it. One that is whole over there is a report.
INSERT OR IGNORE INTO remnants (id, session, destination, path, expires_at, state)
SELECT lower(hex(randomblob(8))), session, destination, upload_path, upload_expires, :state FROM deliveries
WHERE id = :id AND upload_path != '' AND (body IS NULL OR upload_offset < length(body));

-- leave_upload --
UPDATE deliveries SET upload_path = '', upload_offset = 0, upload_expires = NULL WHERE id = :id AND upload_path != '';

-- begun_uploads --
-- Of what is not being sent right now.
SELECT id, session, destination, revision, state, attempts, created_at, last_error, last_attempt, next_attempt,
    report_url, asked
FROM deliveries WHERE destination = :destination AND state != 'uploading' AND upload_path != '';

-- all_remnants --
SELECT * FROM remnants ORDER BY session, destination, path;

-- remnants_of --
SELECT * FROM remnants WHERE session = :session ORDER BY destination, path;

-- remnants_due --
SELECT * FROM remnants
WHERE destination = :destination AND state = 'pending' AND id NOT IN (SELECT value FROM json_each(:but))
    AND (next_attempt IS NULL OR next_attempt <= :now OR (last_attempt > :ahead AND next_attempt <= last_attempt))
ORDER BY id LIMIT :limit;

-- next_remnant --
-- A wait that began after :ahead was written down before the clock was set back, and begins once more; see clock.sql.
SELECT min(
    CASE WHEN next_attempt > last_attempt AND last_attempt > :ahead THEN :now + min(next_attempt - last_attempt, :longest)
    WHEN last_attempt > :ahead THEN 0 ELSE coalesce(next_attempt, 0) END
) AS due FROM remnants
WHERE destination = :destination AND state = 'pending' AND id NOT IN (SELECT value FROM json_each(:but));

-- one_remnant --
SELECT state FROM remnants WHERE id = :id;

-- drop_remnant --
DELETE FROM remnants WHERE id = :id;

-- drop_expired --
-- What expired over there need not be taken back, nor be told; see `is_over` in ports/remnants.py.
DELETE FROM remnants
WHERE destination = :destination AND expires_at <= :now AND (state = 'failed' OR last_attempt < expires_at);

-- ask_remnant --
-- Attempts start afresh: a person asks.
UPDATE remnants SET state = :state, attempts = 0, last_error = '', next_attempt = NULL WHERE id = :id;

-- tried_remnant --
UPDATE remnants SET
    state = :state, attempts = attempts + :counts, last_error = :reason, last_attempt = :now,
    next_attempt = :next_attempt
WHERE id = :id;

-- hasten_remnants --
-- What they waited for is over.
UPDATE remnants SET next_attempt = NULL
WHERE destination = :destination AND state = 'pending' AND id NOT IN (SELECT value FROM json_each(:but));

-- pending_remnants --
SELECT id, state, last_attempt FROM remnants WHERE destination = :destination AND state = 'pending';

-- rename_remnants --
-- Files them under another name of their destination, or takes them back from there.
UPDATE OR IGNORE remnants SET destination = :to WHERE destination = :destination;

-- withholding_remnants --
SELECT id FROM remnants ORDER BY id;

-- withholding_remnant --
SELECT path FROM remnants WHERE id = :id;
