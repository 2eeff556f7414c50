-- files_of_source --
-- Everything remembered about the files of one source.
SELECT * FROM files WHERE source = :source;

-- keep_file --
-- The position of one file; always in one transaction with the sessions before it.
INSERT OR REPLACE INTO files VALUES (
    :source, :path, :size, :mtime_ns, :inode, :device, :head, :head_size, :read_offset, :read_line, :first_at,
    :running, :troubles, :days
);

-- forget_file --
DELETE FROM files WHERE source = :source AND path = :path;

-- admitting --
-- All that is known beforehand of a session that is to be kept: whether it was deleted, the session as its file told
-- it (`told_`), where a plan made others of it, and its newest revision.
SELECT deleted.id IS NOT NULL AS deleted,
    originals.plan AS told_plan, originals.fingerprint AS told_fingerprint, originals.events AS told_events,
    originals.end_rule AS told_end_rule,
    sessions.revision, sessions.fingerprint, sessions.events, sessions.end_rule
FROM (SELECT :id AS wanted)
LEFT JOIN deleted ON deleted.id = wanted
LEFT JOIN originals ON originals.id = wanted
LEFT JOIN sessions ON sessions.id = wanted;

-- known_session --
-- The newest revision of a session and what it was made of.
SELECT revision, fingerprint, events, end_rule, started_at, merged_into FROM sessions WHERE id = :id;

-- keep_session --
INSERT INTO sessions VALUES (
    :id, :tracker, :natural_key, :source, :started_at, :ended_at, :events, :revision, :fingerprint, :end_rule,
    :end_evidence, :end_confidence, :now, :document, :plan, NULL, :removed, :leaks
)
ON CONFLICT (id) DO UPDATE SET
    ended_at = excluded.ended_at, events = excluded.events, revision = excluded.revision,
    fingerprint = excluded.fingerprint, end_rule = excluded.end_rule, end_evidence = excluded.end_evidence,
    end_confidence = excluded.end_confidence, document = excluded.document, plan = excluded.plan, merged_into = NULL, removed = excluded.removed,
    leaks = excluded.leaks;

-- keep_text --
INSERT OR IGNORE INTO kept VALUES (:slot, :session, :text);

-- kept_text --
SELECT text FROM kept WHERE slot = :slot LIMIT 1;

-- any_kept --
SELECT 1 AS there FROM kept LIMIT 1;

-- kept_slots --
SELECT DISTINCT slot FROM kept;

-- forget_text --
DELETE FROM kept WHERE slot = :slot;

-- add_delivery --
INSERT INTO deliveries (
    id, session, revision, destination, state, backfill, idempotency_key, started_at, created_at, summary, asked
)
SELECT :id, id, :revision, :destination, :state, :backfill, :idempotency_key, started_at, :now, :summary, :asked
FROM sessions WHERE id = :session;

-- age --
-- When a session ended, and since when what it is delivered from and to was there; see ports.py for the notes.
SELECT coalesce(ended_at, started_at) AS ended_at,
    (SELECT value FROM notes WHERE key = 'source:' || source || ':since') AS followed,
    (SELECT value FROM notes WHERE key = 'destination:' || :destination || ':since') AS enlisted,
    (SELECT value FROM notes WHERE key = 'backfill-unasked') AS unasked
FROM sessions WHERE id = :session;

-- newest_state --
-- Where the newest delivery of a session to a destination stands, and whether it waits for no time.
SELECT state, asked FROM deliveries WHERE session = :session AND destination = :destination ORDER BY revision DESC LIMIT 1;

-- overtaken --
-- Deliveries of a session to a destination that has a later revision of it coming, or of one that became part of
-- another, for the table to decide about.
SELECT deliveries.id, state, newest, merged_into FROM deliveries JOIN sessions ON sessions.id = deliveries.session
JOIN (SELECT max(revision) AS newest FROM deliveries WHERE session = :session AND destination = :destination)
-- By its session, with `+` and not by the destination: that has ten thousand others.
WHERE session = :session AND +destination = :destination AND (deliveries.revision < newest OR merged_into IS NOT NULL)
    -- A summary goes before its whole, unless that is there already.
    AND NOT (summary AND deliveries.revision = newest - 1 AND merged_into IS NULL AND NOT EXISTS (
        SELECT 1 FROM deliveries AS whole
        WHERE whole.session = :session AND whole.revision = newest AND whole.destination = :destination
            AND whole.state = 'uploaded'
    ));

-- set_state --
UPDATE deliveries SET state = :state, last_error = :reason WHERE id = :id;

-- strangers_to --
-- Sessions of which this destination has no delivery of the newest revision. One that still runs is not missed: a
-- destination that takes it partial is told when there is more, and every one when it is over.
SELECT id, revision FROM sessions
WHERE merged_into IS NULL AND end_rule != '' AND NOT EXISTS (
    SELECT 1 FROM deliveries
    WHERE session = sessions.id AND destination = :destination AND revision = sessions.revision
);

-- due --
-- The oldest deliveries to one destination that may be tried now: those that go by themselves, or those of a backfill.
SELECT deliveries.*, sessions.tracker, sessions.natural_key, sessions.ended_at, sessions.end_rule, sessions.leaks, sessions.removed,
    CASE WHEN deliveries.body IS NULL THEN sessions.document END AS document
FROM deliveries JOIN sessions ON sessions.id = deliveries.session
LEFT JOIN players ON players.session = deliveries.session
WHERE destination = :destination AND state = 'pending' AND backfill = :backfill
    -- By that index: ten thousand that are left out are passed by without a look at their documents.
    AND (:trackers IS NULL OR (
        SELECT tracker FROM sessions AS of INDEXED BY sessions_by_tracker WHERE of.id = deliveries.session
    ) IN (SELECT value FROM json_each(:trackers)))
    -- Of nobody, or of one of those who may go there.
    AND (identity IS NULL OR players.tracker || char(10) || identity IN (SELECT value FROM json_each(:may_go)))
    -- Those of :but wait, whatever the clock says; what was hastened waits for no time.
    AND (next_attempt IS NULL OR (
        (next_attempt <= :now OR (last_attempt > :ahead AND next_attempt <= last_attempt))
        AND deliveries.id NOT IN (SELECT value FROM json_each(:but))
    ))
    AND (asked OR NOT :only_asked)
    -- A whole waits for its summary.
    AND NOT EXISTS (
        SELECT 1 FROM deliveries AS first
        WHERE first.session = deliveries.session AND first.revision = deliveries.revision - 1
            AND first.destination = deliveries.destination AND first.summary AND first.state IN ('pending', 'uploading')
    )
    AND (
        :untried_since IS NULL
        OR CASE WHEN last_attempt <= :ahead THEN last_attempt ELSE 0 END <= :untried_since
    )
ORDER BY deliveries.started_at, deliveries.id
LIMIT :limit;

-- untried_since --
-- Of those that may be tried now: when the one was tried that was left alone the longest; 0 where one never was, or
-- where the clock was set back since.
SELECT min(CASE WHEN last_attempt <= :ahead THEN last_attempt ELSE 0 END) AS since
FROM deliveries LEFT JOIN players ON players.session = deliveries.session
WHERE destination = :destination AND state = 'pending' AND backfill = :backfill
    AND (:trackers IS NULL OR (
        SELECT tracker FROM sessions AS of INDEXED BY sessions_by_tracker WHERE of.id = deliveries.session
    ) IN (SELECT value FROM json_each(:trackers)))
    AND (identity IS NULL OR players.tracker || char(10) || identity IN (SELECT value FROM json_each(:may_go)))
    AND (next_attempt IS NULL OR (
        (next_attempt <= :now OR (last_attempt > :ahead AND next_attempt <= last_attempt))
        AND deliveries.id NOT IN (SELECT value FROM json_each(:but))
    ))
    AND (asked OR NOT :only_asked)
    AND NOT EXISTS (
        SELECT 1 FROM deliveries AS first
        WHERE first.session = deliveries.session AND first.revision = deliveries.revision - 1
            AND first.destination = deliveries.destination AND first.summary AND first.state IN ('pending', 'uploading')
    );

-- newest_delivery --
-- The same of one session, whatever its state.
SELECT deliveries.*, sessions.tracker, sessions.natural_key, sessions.ended_at, sessions.end_rule, sessions.leaks, sessions.removed,
    sessions.document
FROM deliveries JOIN sessions ON sessions.id = deliveries.session
WHERE session = :session AND destination = :destination ORDER BY deliveries.revision DESC LIMIT 1;

-- claim --
-- Its wait is over, whatever becomes of it: one that was seen through must not hold again when sending is broken off.
UPDATE deliveries SET state = :state, last_attempt = :now, next_attempt = NULL WHERE id = :id;

-- one_state --
SELECT state, session, destination, upload_path FROM deliveries WHERE id = :id;

-- keep_letter --
UPDATE deliveries SET body = :body, headers = :headers, payload_digest = :payload_digest WHERE id = :id;

-- keep_upload --
UPDATE deliveries SET upload_path = :path, upload_offset = :offset, cuts = :cuts, upload_expires = :expires WHERE id = :id
RETURNING id;

-- forget_letter --
-- Written anew: other bytes get another key, or the other side would take them for the same.
UPDATE deliveries SET
    body = NULL, headers = NULL, payload_digest = NULL, upload_path = '', upload_offset = 0, upload_expires = NULL,
    idempotency_key = lower(hex(randomblob(16))), stuck = 0, stuck_since = NULL
WHERE id = :id;

-- acked --
-- The letter is emptied: the document of the session stays.
UPDATE deliveries SET
    state = :state, attempts = attempts + 1, last_error = :note, bytes_sent = coalesce(length(body), 0), body = NULL,
    headers = NULL, upload_path = '', upload_expires = NULL, next_attempt = NULL, took_ms = :took_ms,
    uploaded_at = :now, receipt = :receipt, report_url = :report_url
WHERE id = :id;

-- deferred --
-- With the time at which the wait began, which may be hours after the try did.
UPDATE deliveries SET
    state = :state, attempts = attempts + :counts, last_error = :reason, next_attempt = :next_attempt,
    last_attempt = coalesce(:now, last_attempt), stuck = stuck + :stuck,
    stuck_since = CASE WHEN :stuck THEN coalesce(stuck_since, :now, last_attempt) ELSE stuck_since END
WHERE id = :id;

-- hasten --
-- What it waited for is over.
UPDATE deliveries SET next_attempt = NULL WHERE id = :id AND state = 'pending';

-- parked --
UPDATE deliveries SET
    state = :state, attempts = attempts + 1, last_error = :reason, next_attempt = NULL, last_attempt = :now
WHERE id = :id;

-- next_due --
-- Those that wait for an answer about their player are never due, nor those whose tracker is left out.
-- A wait that began after :ahead was written down before the clock was set back, and begins once more; see clock.sql.
SELECT min(
    CASE WHEN next_attempt > last_attempt AND last_attempt > :ahead THEN :now + min(next_attempt - last_attempt, :longest)
    WHEN last_attempt > :ahead THEN 0 ELSE coalesce(next_attempt, 0) END
) AS due FROM deliveries
LEFT JOIN players ON players.session = deliveries.session
WHERE destination = :destination AND state = 'pending' AND backfill = :backfill AND (asked OR NOT :only_asked)
    AND (next_attempt IS NULL OR deliveries.id NOT IN (SELECT value FROM json_each(:but)))
    AND NOT EXISTS (
        SELECT 1 FROM deliveries AS first
        WHERE first.session = deliveries.session AND first.revision = deliveries.revision - 1
            AND first.destination = deliveries.destination AND first.summary AND first.state IN ('pending', 'uploading')
    )
    AND (:trackers IS NULL OR (
        SELECT tracker FROM sessions AS of INDEXED BY sessions_by_tracker WHERE of.id = deliveries.session
    ) IN (SELECT value FROM json_each(:trackers)))
    AND (identity IS NULL OR players.tracker || char(10) || identity IN (SELECT value FROM json_each(:may_go)));

-- left_uploading --
-- What the daemon was sending when it ended: sent again, and recognised over there by its key.
SELECT id, session, destination, state FROM deliveries WHERE state = 'uploading';

-- counts --
SELECT destination, state, count(*) AS number FROM deliveries GROUP BY destination, state;

-- found --
-- Everything there is, whatever its state: what the states add up to is held against this.
WITH homeless AS (
    SELECT count(*) AS number FROM sessions WHERE merged_into IS NULL AND id NOT IN (SELECT session FROM deliveries)
)
SELECT (SELECT count(*) FROM deliveries) + number AS number, number AS homeless FROM homeless;

-- backlog --
-- The sessions that wait to be asked for.
SELECT count(DISTINCT session) AS sessions, min(sessions.started_at) AS first,
    max(coalesce(ended_at, sessions.started_at)) AS last
FROM deliveries JOIN sessions ON sessions.id = deliveries.session
WHERE state = 'backlog' AND NOT EXISTS (
    SELECT 1 FROM json_each(:filters) AS rule
    WHERE rule.key = destination AND sessions.tracker NOT IN (SELECT value FROM json_each(rule.value))
);

-- sent --
SELECT count(*) AS uploaded, coalesce(sum(bytes_sent), 0) AS bytes_sent, avg(took_ms) AS average_ms,
    max(uploaded_at) AS last_upload
FROM deliveries WHERE state = 'uploaded';

-- last_report --
SELECT report_url FROM deliveries WHERE state = 'uploaded' AND report_url NOT LIKE 'file:%'
ORDER BY uploaded_at DESC LIMIT 1;

-- all_sessions --
SELECT id, tracker, source, started_at, ended_at, events, revision, end_rule, end_evidence, end_confidence,
    found_at, merged_into
FROM sessions ORDER BY started_at DESC, id;

-- all_deliveries --
SELECT id, session, destination, revision, state, attempts, created_at, last_error, last_attempt, next_attempt,
    report_url, asked
FROM deliveries ORDER BY started_at DESC, revision, destination;

-- sessions_like --
-- At most two, to tell an unambiguous beginning of an id from another.
SELECT * FROM sessions WHERE substr(id, 1, length(:id)) = :id LIMIT 2;

-- deliveries_of --
SELECT id, session, destination, revision, state, attempts, created_at, last_error, last_attempt, next_attempt,
    report_url, asked
FROM deliveries WHERE session = :session ORDER BY revision, destination;

-- one_delivery --
SELECT id, session, destination, revision, state, attempts, created_at, last_error, last_attempt, next_attempt,
    report_url, asked
FROM deliveries WHERE id = :id;

-- files_in_trouble --
SELECT source, path, troubles FROM files WHERE troubles != '[]' ORDER BY source, path;

-- release --
UPDATE deliveries SET state = :state
WHERE state = 'backlog' AND (:session IS NULL OR session = :session) AND (
    :since IS NULL OR :since <= (SELECT coalesce(ended_at, started_at) FROM sessions WHERE id = deliveries.session)
)
RETURNING id;

-- hurry --
UPDATE deliveries SET next_attempt = NULL, asked = max(asked, :asked)
WHERE state = 'pending' AND (:session IS NULL OR session = :session);

-- pending_number --
SELECT count(*) AS number FROM deliveries WHERE state = 'pending' AND (:session IS NULL OR session = :session);

-- failed --
SELECT id, session, destination, state FROM deliveries WHERE state = 'failed';

-- retried --
-- Attempts start afresh: a person looked at it.
UPDATE deliveries SET
    state = :state, attempts = 0, next_attempt = NULL, asked = 1, stuck = 0, stuck_since = NULL
WHERE id = :id;

-- failures --
SELECT id, session, destination, revision, state, attempts, created_at, last_error, last_attempt, next_attempt,
    report_url, asked
FROM deliveries
WHERE state = 'failed' AND NOT EXISTS (
    SELECT 1 FROM json_each(:filters) AS rule JOIN sessions ON sessions.id = deliveries.session
    WHERE rule.key = destination AND sessions.tracker NOT IN (SELECT value FROM json_each(rule.value))
)
ORDER BY last_attempt DESC LIMIT :limit;

-- grants --
SELECT * FROM grants;

-- keep_grant --
INSERT OR REPLACE INTO grants VALUES (:destination, :policy_digest, :policy_version, :granted_at, :terms);

-- unsent_letters --
-- Of one destination, to be written anew on other terms.
SELECT id FROM deliveries WHERE destination = :destination AND state != 'uploaded' AND body IS NOT NULL;

-- drop_grant --
DELETE FROM grants WHERE destination = :destination;

-- drop_unsent --
DELETE FROM deliveries WHERE destination = :destination AND state != 'uploaded';

-- rename --
-- Files uploaded deliveries under another name of their destination, or takes them back from there.
UPDATE deliveries SET destination = :to WHERE destination = :destination;

-- note --
SELECT value FROM notes WHERE key = :key;

-- keep_note --
INSERT OR REPLACE INTO notes VALUES (:key, :value);

-- drop_note --
DELETE FROM notes WHERE key = :key;

-- add_original --
INSERT OR IGNORE INTO originals
SELECT id, :plan, source, fingerprint, events, end_rule, document FROM sessions WHERE id = :id;

-- keep_original --
UPDATE originals SET fingerprint = :fingerprint, events = :events, end_rule = :end_rule, document = :document
WHERE id = :id;

-- originals_of --
SELECT id, source, document FROM originals WHERE plan = :plan ORDER BY id;

-- cuts_of --
SELECT at FROM cuts WHERE plan = :plan ORDER BY at;

-- drop_cuts --
DELETE FROM cuts WHERE plan = :plan;

-- add_cut --
INSERT INTO cuts VALUES (:plan, :at);

-- join_plans --
UPDATE originals SET plan = :to WHERE plan = :plan;

-- into_plan --
UPDATE sessions SET plan = :to WHERE id = :id OR plan = :plan;

-- whole_session --
SELECT id, source, plan, merged_into, end_rule, document FROM sessions WHERE id = :id;

-- parts_of --
-- What a plan makes at present.
SELECT id, started_at FROM sessions WHERE plan = :plan AND merged_into IS NULL ORDER BY started_at, id;

-- timeline --
-- All sessions of a source, by their beginning.
SELECT id, started_at FROM sessions WHERE source = :source AND merged_into IS NULL;

-- merge_away --
UPDATE sessions SET merged_into = :into WHERE id = :id;

-- destinations_of --
SELECT DISTINCT destination FROM deliveries WHERE session = :session;

-- waiting --
-- What is on its way out, as far as it is in the hands of this computer or of the network. SQLite knows the lengths
-- without reading what has them.
SELECT
    (SELECT count(*) FROM sessions WHERE id IN (
        SELECT session FROM deliveries WHERE state IN ('pending', 'uploading', 'failed')
    )) AS sessions,
    (SELECT coalesce(sum(length(document)), 0) FROM sessions WHERE id IN (
        SELECT session FROM deliveries WHERE state IN ('pending', 'uploading', 'failed')
    )) + (
        SELECT coalesce(sum(length(body)), 0) FROM deliveries WHERE state IN ('pending', 'uploading', 'failed')
    ) AS bytes;
