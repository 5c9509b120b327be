-- Verdicts and reward of a rollout become columns of its row: it is written once and read without joins. What lists and filters
-- look at comes first, what may be long last: SQLite reads a row from its beginning.
CREATE TABLE wide_rollouts (
  id INTEGER PRIMARY KEY,
  stage INTEGER NOT NULL REFERENCES stages (id) ON DELETE CASCADE,
  unit TEXT NOT NULL,
  prompt INTEGER NOT NULL REFERENCES prompts (id) ON DELETE CASCADE,
  pass TEXT NOT NULL,
  idx INTEGER NOT NULL,
  step INTEGER,
  seed INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  -- Tokens at the beginning that were given, not sampled; NULL where there are none.
  forced INTEGER,
  finish_reason TEXT NOT NULL,
  -- The answer that makes a rollout right: the second, or the only one.
  correct INTEGER,
  confidence REAL,
  -- Verdicts of both answers; the state is NULL where there is no such answer.
  first_value REAL,
  first_correct INTEGER,
  first_state TEXT,
  first_normalised TEXT,
  second_value REAL,
  second_correct INTEGER,
  second_state TEXT,
  second_normalised TEXT,
  -- The total is NULL where there is no reward, the direct part in the modes that have none.
  reward_first REAL,
  reward_second REAL,
  reward_format REAL,
  reward_fallback REAL,
  reward_direct REAL,
  reward_total REAL,
  -- Hash of the request that it answers; NULL where it must not be used again.
  request BLOB,
  key TEXT NOT NULL,
  -- JSON; NULL where the early exit was not asked for.
  early_exit TEXT,
  -- JSON array (trace-codec.ts).
  trace TEXT NOT NULL,
  text TEXT NOT NULL,
  -- Little-endian arrays; the width of an element is the blob's length by its count (codec.ts).
  token_ids BLOB NOT NULL,
  logprobs BLOB NOT NULL,
  token_ends BLOB NOT NULL
) STRICT;

INSERT INTO wide_rollouts
SELECT
  rollouts.id, stage, unit, prompt, pass, idx, step, seed, tokens, prompt_tokens, cached_tokens, forced, finish_reason,
  rollouts.correct, confidence,
  a1.value, a1.correct, a1.state, a1.normalised,
  a2.value, a2.correct, a2.state, a2.normalised,
  rewards.first, rewards.second, rewards.format, rewards.fallback, rewards.direct, rewards.total,
  request, key, early_exit,
  json_array(
    trace -> '$.format', trace ->> '$.fallback', trace ->> '$.truncated',
    trace -> '$.tokens.first', trace -> '$.tokens.think', trace -> '$.tokens.second', trace -> '$.tokens.total',
    json(CASE WHEN trace ->> '$.first' IS NOT NULL THEN json_array(trace -> '$.first.charStart', trace -> '$.first.charEnd',
      trace -> '$.first.tokenStart', trace -> '$.first.tokenEnd', trace -> '$.first.text') END),
    json(CASE WHEN trace ->> '$.second' IS NOT NULL THEN json_array(trace -> '$.second.charStart', trace -> '$.second.charEnd',
      trace -> '$.second.tokenStart', trace -> '$.second.tokenEnd', trace -> '$.second.text') END),
    trace -> '$.think'
  ),
  text, token_ids, logprobs, token_ends
FROM rollouts
LEFT JOIN verdicts AS a1 ON a1.rollout = rollouts.id AND a1.answer = 'first'
LEFT JOIN verdicts AS a2 ON a2.rollout = rollouts.id AND a2.answer = 'second'
LEFT JOIN rewards ON rewards.rollout = rollouts.id
ORDER BY rollouts.id;

DROP TABLE verdicts;
DROP TABLE rewards;
DROP TABLE rollouts;
ALTER TABLE wide_rollouts RENAME TO rollouts;
CREATE INDEX rollouts_stage ON rollouts (stage);
CREATE INDEX rollouts_prompt ON rollouts (prompt);
-- In the order in which rollouts come: prompt after prompt, each with the same few places in its group.
CREATE UNIQUE INDEX rollouts_once ON rollouts (stage, pass, idx, prompt) WHERE step IS NULL;
-- Hashes come in no order: in one index of all rows a commit would write nearly every page of it again. So rows are indexed by
-- the 65,536, and looked for in each of these parts; of the hash, the beginning is enough to find a row by.
CREATE INDEX rollouts_request ON rollouts (id >> 16, substr(request, 1, 4)) WHERE request IS NOT NULL;
