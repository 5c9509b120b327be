-- Nouns of vauto as rows. Booleans are 0, 1 or NULL (not known); times are ISO 8601 in UTC; JSON is text.

CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'interrupted')),
  reason TEXT,
  recipe_text TEXT NOT NULL,
  recipe TEXT NOT NULL,
  -- Relative to the folder of this file when the run folder lies in it, so that the whole can be moved.
  folder TEXT NOT NULL,
  seed INTEGER NOT NULL,
  environment TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

-- One row an attempt. The attempt that counts is the one not superseded: one per run and name.
CREATE TABLE stages (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  key TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'interrupted')),
  superseded INTEGER NOT NULL DEFAULT 0 CHECK (superseded IN (0, 1)),
  reason TEXT,
  result TEXT,
  -- How often a later start of the run found the stage done.
  reuses INTEGER NOT NULL DEFAULT 0,
  -- Seconds of finished sittings; a stage may take several.
  seconds REAL NOT NULL DEFAULT 0,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  UNIQUE (run, name, attempt)
) STRICT;
CREATE UNIQUE INDEX stages_current ON stages (run, name) WHERE superseded = 0;

-- position NULL: the prompt left its set or was changed; kept for the rollouts that were made of it.
CREATE TABLE prompts (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  set_name TEXT NOT NULL,
  prompt_id TEXT NOT NULL,
  position INTEGER,
  source TEXT NOT NULL,
  problem_type TEXT NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX prompts_current ON prompts (run, set_name, prompt_id) WHERE position IS NOT NULL;
CREATE INDEX prompts_order ON prompts (run, set_name, position);
CREATE INDEX prompts_name ON prompts (run, prompt_id);

-- Work that is in the store whole: its rollouts, verdicts, rewards and failures came in the same transaction.
CREATE TABLE units (
  stage INTEGER NOT NULL REFERENCES stages (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  rollouts INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  committed_at TEXT NOT NULL,
  PRIMARY KEY (stage, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollouts (
  id INTEGER PRIMARY KEY,
  stage INTEGER NOT NULL REFERENCES stages (id) ON DELETE CASCADE,
  unit TEXT NOT NULL,
  prompt INTEGER NOT NULL REFERENCES prompts (id) ON DELETE CASCADE,
  pass TEXT NOT NULL,
  idx INTEGER NOT NULL,
  step INTEGER,
  key TEXT NOT NULL,
  seed INTEGER NOT NULL,
  text TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  -- Little-endian arrays; the width of an element is the blob's length by its count (codec.ts).
  token_ids BLOB NOT NULL,
  logprobs BLOB NOT NULL,
  token_ends BLOB NOT NULL,
  finish_reason TEXT NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  trace TEXT NOT NULL,
  confidence REAL,
  -- The answer that makes a rollout right: the second, or the only one.
  correct INTEGER
) STRICT;
CREATE INDEX rollouts_stage ON rollouts (stage);
CREATE INDEX rollouts_prompt ON rollouts (prompt);
CREATE UNIQUE INDEX rollouts_once ON rollouts (stage, pass, prompt, idx) WHERE step IS NULL;

CREATE TABLE verdicts (
  rollout INTEGER NOT NULL REFERENCES rollouts (id) ON DELETE CASCADE,
  answer TEXT NOT NULL CHECK (answer IN ('first', 'second')),
  value REAL,
  correct INTEGER,
  state TEXT NOT NULL,
  normalised TEXT,
  PRIMARY KEY (rollout, answer)
) STRICT, WITHOUT ROWID;

CREATE TABLE rewards (
  rollout INTEGER PRIMARY KEY REFERENCES rollouts (id) ON DELETE CASCADE,
  first REAL NOT NULL,
  second REAL NOT NULL,
  format REAL NOT NULL,
  fallback REAL NOT NULL,
  total REAL NOT NULL
) STRICT;

CREATE TABLE failures (
  stage INTEGER NOT NULL REFERENCES stages (id) ON DELETE CASCADE,
  unit TEXT NOT NULL,
  set_name TEXT NOT NULL,
  prompt_id TEXT NOT NULL,
  idx INTEGER NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (stage, unit, set_name, prompt_id, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
  stage INTEGER NOT NULL REFERENCES stages (id) ON DELETE CASCADE,
  prompt_id TEXT NOT NULL,
  decision TEXT NOT NULL,
  reason TEXT NOT NULL,
  correct INTEGER NOT NULL,
  total INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (stage, prompt_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE steps (
  stage INTEGER NOT NULL REFERENCES stages (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  metrics TEXT NOT NULL,
  PRIMARY KEY (stage, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
  stage INTEGER NOT NULL REFERENCES stages (id) ON DELETE CASCADE,
  benchmark TEXT NOT NULL,
  policy TEXT NOT NULL,
  name TEXT NOT NULL,
  value REAL,
  low REAL,
  high REAL,
  n INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (stage, benchmark, policy, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifacts (
  stage INTEGER NOT NULL REFERENCES stages (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (stage, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  at TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
  stage TEXT,
  kind TEXT NOT NULL,
  message TEXT NOT NULL,
  data TEXT
) STRICT;
CREATE INDEX events_run ON events (run);
