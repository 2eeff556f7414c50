-- Logs of times without dates: how many midnights had passed where reading goes on.

ALTER TABLE files ADD COLUMN days INTEGER NOT NULL DEFAULT 0;
