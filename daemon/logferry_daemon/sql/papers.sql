-- papers_of --
-- What is known of one file's papers.
SELECT kind, id, digest FROM papers WHERE source = :source AND path = :path ORDER BY kind, id;

-- keep_paper --
INSERT OR REPLACE INTO papers VALUES (:source, :path, :kind, :id, :digest);

-- drop_paper --
DELETE FROM papers WHERE source = :source AND path = :path AND kind = :kind AND id = :id;

-- note_change --
-- Always in one transaction with the paper itself.
INSERT INTO paper_changes (source, path, kind, id, action, digest, at)
VALUES (:source, :path, :kind, :id, :action, :digest, :now);

-- changes_after --
-- The journal from one number on, oldest first.
SELECT * FROM paper_changes WHERE seq > :after ORDER BY seq LIMIT :limit;
