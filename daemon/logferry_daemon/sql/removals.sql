-- is_deleted --
SELECT id FROM deleted WHERE id = :id;

-- add_deleted --
INSERT OR IGNORE INTO deleted VALUES (:id, :tracker, :now);

-- all_deleted --
-- Newest first. One whose other parts are still there is no deleted session: only its log is not read for it any more.
SELECT id, tracker, deleted_at FROM deleted
WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.id = deleted.id) ORDER BY deleted_at DESC, id;

-- of_plan --
-- All sessions that a plan has made, at present or before.
SELECT id, merged_into FROM sessions WHERE plan = :plan ORDER BY id;

-- told_by --
SELECT id FROM originals WHERE plan = :plan;

-- drop_originals --
DELETE FROM originals WHERE plan = :plan;

-- leave_plan --
UPDATE sessions SET plan = NULL WHERE id = :id;

-- letters_of --
-- What is known of each delivery's way, without its letter.
SELECT id, destination, state, idempotency_key, receipt, report_url, last_attempt, payload_digest IS NOT NULL AS written
FROM deliveries WHERE session = :session ORDER BY state != 'uploaded', revision DESC;

-- drop_deliveries --
DELETE FROM deliveries WHERE session = :session;

-- texts_of --
SELECT slot, text FROM kept WHERE session = :session;

-- drop_kept --
DELETE FROM kept WHERE session = :session;

-- drop_player --
DELETE FROM players WHERE session = :session;

-- drop_session --
DELETE FROM sessions WHERE id = :id;

-- outdated --
-- Deliveries of what a session was before, with all that was in it then.
SELECT deliveries.id, destination, state FROM deliveries JOIN sessions ON sessions.id = session
WHERE session = :session AND deliveries.revision < sessions.revision;

-- empty_letters --
-- Nothing that was excluded is ever sent.
UPDATE deliveries SET body = NULL, headers = NULL WHERE state = 'excluded' AND body IS NOT NULL;

-- add_copy --
INSERT OR IGNORE INTO copies (id, session, destination, report, idempotency_key, report_url, stopped_at, state)
VALUES (:id, :session, :destination, :report, :idempotency_key, :report_url, :now, :state);

-- file_try --
-- Before a letter is written anew: what was sent, or begun to be, under the key that it had may have arrived.
INSERT OR IGNORE INTO copies (id, session, destination, report, idempotency_key, stopped_at, state)
SELECT lower(hex(randomblob(8))), session, destination, '', idempotency_key, last_attempt, :state FROM deliveries
WHERE id = :id AND state != 'uploaded' AND last_attempt IS NOT NULL AND payload_digest IS NOT NULL;

-- restarted_tries --
-- Until it is deleted a session may be sent under yet another key: only from then on an answer counts.
UPDATE copies SET stopped_at = :now WHERE session = :session AND report = '' AND state = :state;

-- copies_of --
SELECT * FROM copies WHERE session = :session ORDER BY destination, report, idempotency_key;

-- may_be_at --
-- What arrived, what was sent or begun to be without an answer, and what was tried under an earlier key. An upload
-- without a receipt was deleted over there.
SELECT 1 FROM deliveries WHERE session = :session AND destination = :destination AND CASE state
    WHEN 'uploaded' THEN receipt IS NOT NULL ELSE last_attempt IS NOT NULL AND payload_digest IS NOT NULL END
UNION SELECT 1 FROM copies WHERE session = :session AND destination = :destination AND state != 'deleted';

-- all_copies --
SELECT * FROM copies ORDER BY session, destination, report, idempotency_key;

-- copies_due --
SELECT * FROM copies
WHERE destination = :destination AND state = 'pending' AND id NOT IN (SELECT value FROM json_each(:but))
    AND (next_attempt IS NULL OR next_attempt <= :now OR (last_attempt > :ahead AND next_attempt <= last_attempt))
ORDER BY id LIMIT :limit;

-- next_copy --
-- A wait that began after :ahead was written down before the clock was set back, and begins once more; see clock.sql.
SELECT min(
    CASE WHEN next_attempt > last_attempt AND last_attempt > :ahead THEN :now + min(next_attempt - last_attempt, :longest)
    WHEN last_attempt > :ahead THEN 0 ELSE coalesce(next_attempt, 0) END
) AS due FROM copies
WHERE destination = :destination AND state = 'pending' AND id NOT IN (SELECT value FROM json_each(:but));

-- hasten_copies --
-- What they waited for is over.
UPDATE copies SET next_attempt = NULL
WHERE destination = :destination AND state = 'pending' AND id NOT IN (SELECT value FROM json_each(:but));

-- pending_copies --
SELECT id, state, last_attempt FROM copies WHERE destination = :destination AND state = 'pending';

-- rename_copies --
-- Files them under another name of their destination, or takes them back from there.
UPDATE OR IGNORE copies SET destination = :to WHERE destination = :destination;

-- one_copy --
SELECT state FROM copies WHERE id = :id;

-- ask_copy --
-- Attempts start afresh: a person asks, or lets it be.
UPDATE copies SET state = :state, attempts = 0, last_error = '', next_attempt = NULL WHERE id = :id;

-- tried_copy --
UPDATE copies SET
    state = :state, attempts = attempts + :counts, last_error = :reason, last_attempt = :now,
    next_attempt = :next_attempt
WHERE id = :id;

-- want_scrub --
-- In the transaction that deletes: whoever is ended in between does it at the next start. Each wish has another value.
INSERT OR REPLACE INTO notes VALUES ('scrub-wanted', lower(hex(randomblob(8))));

-- scrub_wanted --
SELECT value FROM notes WHERE key = 'scrub-wanted';

-- scrubbed --
DELETE FROM notes WHERE key = 'scrub-wanted' AND value = :value;
