-- How the early exit of a rollout was decided, as JSON; NULL where it was not asked for.
ALTER TABLE rollouts ADD COLUMN early_exit TEXT;
