-- told_about --
-- What the destination of a delivery has of the sessions around this one, in the order in which they were played.
SELECT deliveries.session, sessions.started_at, coalesce(sessions.ended_at, sessions.started_at) AS ended_at,
    json_extract(receipt, '$.report_id') AS report_id
FROM deliveries JOIN sessions ON sessions.id = deliveries.session
JOIN (SELECT destination AS there, started_at AS start FROM deliveries WHERE id = :id)
WHERE destination = there AND state = 'uploaded' AND backfill IN (0, 1) AND receipt IS NOT NULL
    AND deliveries.started_at BETWEEN start - :reach AND start + :reach
ORDER BY sessions.started_at, deliveries.session, deliveries.revision;
