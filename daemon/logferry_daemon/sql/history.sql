-- add_attempt --
-- Before the delivery itself is changed: the letter and the time of the claim are still there.
INSERT INTO attempts
SELECT id, coalesce((SELECT max(number) FROM attempts WHERE delivery = :id), 0) + 1, coalesce(last_attempt, :now, 0),
    coalesce(:took_ms, max(0, :now - last_attempt)), coalesce(length(body), 0), :outcome, :reason
FROM deliveries WHERE id = :id
RETURNING number;

-- forget_attempts --
DELETE FROM attempts WHERE delivery = :id AND number <= :last;

-- attempts_of --
SELECT attempts.* FROM attempts JOIN deliveries ON deliveries.id = delivery
WHERE session = :session ORDER BY delivery, number;

-- receipts --
-- What arrived, the latest first; of one session or of all.
SELECT id, session, destination, revision, receipt, last_error, report_url, uploaded_at, bytes_sent, took_ms
FROM deliveries WHERE state = 'uploaded' AND (:session IS NULL OR session = :session)
ORDER BY uploaded_at DESC, id;

-- sent_by_destination --
SELECT destination, count(*) AS uploaded, coalesce(sum(bytes_sent), 0) AS bytes_sent, count(took_ms) AS timed,
    coalesce(sum(took_ms), 0) AS took_ms, max(uploaded_at) AS last_upload
FROM deliveries WHERE state = 'uploaded' GROUP BY destination;
