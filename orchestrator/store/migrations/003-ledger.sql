-- Hash of the request that a rollout answers, by which it is found again: same request, same completion. 16 bytes; NULL where
-- it must not be used again (training) or was stored before there was one.
ALTER TABLE rollouts ADD COLUMN request BLOB;
CREATE INDEX rollouts_request ON rollouts (request) WHERE request IS NOT NULL;
-- Of a unit's rollouts: taken from an earlier stage or run; sent to the engine more than once.
ALTER TABLE units ADD COLUMN cached INTEGER NOT NULL DEFAULT 0;
ALTER TABLE units ADD COLUMN retried INTEGER NOT NULL DEFAULT 0;
