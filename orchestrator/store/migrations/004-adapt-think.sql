-- Tokens at the beginning of a rollout that were given, not sampled; NULL where there are none.
ALTER TABLE rollouts ADD COLUMN forced INTEGER;
-- Bonus for answering without thinking; NULL in the modes that have none.
ALTER TABLE rewards ADD COLUMN direct REAL;
