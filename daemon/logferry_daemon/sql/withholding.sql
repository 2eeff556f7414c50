-- withholding_sessions --
SELECT id FROM sessions ORDER BY id;

-- withholding_session --
-- All of it in which a key may stand, and who is said to have played it.
SELECT sessions.id, document, removed, leaks, identity, told
FROM sessions LEFT JOIN players ON players.session = sessions.id WHERE sessions.id = :id;

-- withhold_session --
UPDATE sessions SET
    natural_key = :natural_key, events = :events, fingerprint = :fingerprint, end_evidence = :end_evidence,
    document = :document, removed = :removed, leaks = :leaks
WHERE id = :id;

-- withholding_originals --
SELECT id FROM originals ORDER BY id;

-- withholding_original --
SELECT id, document FROM originals WHERE id = :id;

-- withholding_deliveries --
SELECT id, state FROM deliveries WHERE session = :session;

-- withholding_letters --
SELECT id FROM deliveries WHERE body IS NOT NULL AND state != 'uploaded' ORDER BY id;

-- withholding_letter --
SELECT id, body, headers, upload_path FROM deliveries WHERE id = :id AND body IS NOT NULL AND state != 'uploaded';

-- withholding_texts --
SELECT DISTINCT slot, text FROM kept;

-- withhold_player --
UPDATE players SET
    identity = CASE WHEN identity IS NULL THEN NULL ELSE :unsure END,
    told = CASE WHEN told IS NULL THEN NULL ELSE :unsure END
WHERE session = :session;

-- leaks_of_plan --
SELECT leaks FROM sessions WHERE plan = :plan AND leaks != '[]' ORDER BY id;

-- withhold_letter --
-- Written anew: other bytes get another key, or the other side would take them for the same.
UPDATE deliveries SET
    body = NULL, headers = NULL, payload_digest = NULL, upload_path = '', upload_offset = 0, upload_expires = NULL,
    cuts = 0, idempotency_key = lower(hex(randomblob(16))), stuck = 0, stuck_since = NULL
WHERE id = :id AND state != 'uploaded';
