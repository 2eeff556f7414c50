-- How many answers got a delivery nowhere, and since when: an outage before them makes nothing old. What waits
-- from before begins at none.

ALTER TABLE deliveries ADD COLUMN stuck INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN stuck_since INTEGER;
