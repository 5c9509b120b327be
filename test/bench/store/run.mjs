// Graded rollouts into the store, unit by unit as a stage commits them, while another process pages through them. Making the rows
// is not counted. The processor's share is told beside the clock's: on a busy machine the clock measures the others too.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../../dist/store/index.js';
import { PROMPTS, promptsOf, unitRows } from './rows.mjs';

const UNITS = 100;
const UNIT = 1000;
const PAGE = 100;
const GOAL = 50_000;

export const title = 'Rollouts into the store';

export async function run({ note }) {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-bench-'));
  const file = join(folder, 'vauto.db');
  const store = openStore(file);
  try {
    const runId = store.createRun({ name: 'bench', recipeText: '', recipe: {}, folder, seed: 1, environment: {} });
    store.savePrompts(runId, 'train', promptsOf(PROMPTS));
    const { id } = store.startStage(runId, 'train', 'key');
    const reader = fork(new URL('reader.mjs', import.meta.url).pathname, [file, String(runId), String(PAGE)]);
    const written = await ingest(store, id);
    reader.send('stop');
    const [times] = await once(reader, 'message');
    const rows = UNITS * UNIT;
    const { lost, rollouts } = store.ledger(runId);
    if (lost !== 0 || rollouts !== rows) throw new Error(`${rollouts} of ${rows} rollouts are there, ${lost} lost`);
    store.close();
    note(`${rows} rows in ${written.seconds.toFixed(1)} s, ${times.length} pages read meanwhile`);
    return resultOf(written, times, { rows, bytes: statSync(file).size });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ingest(store, stageId) {
  let seconds = 0;
  let processor = 0;
  for (let unit = 0; unit < UNITS; unit += 1) {
    const rows = unitRows(unit, UNIT);
    const before = process.cpuUsage();
    const started = performance.now();
    store.commitUnit(stageId, `unit-${unit}`, rows);
    seconds += (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(before);
    processor += (user + system) / 1e6;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { seconds, processor };
}

function resultOf({ seconds, processor }, times, { rows, bytes }) {
  const sorted = times.sort((a, b) => a - b);
  const at = (share) => `${sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1)} ms`;
  const whole = (value) => Math.round(value).toLocaleString('en');
  return {
    goal: `≥ ${whole(GOAL)} rows a second by the clock, beside a reader`,
    figures: {
      'rows a second, by the clock': whole(rows / seconds),
      'rows a second of processor time': whole(rows / processor),
      'rows, in units of': `${whole(rows)}, ${whole(UNIT)}`,
      'bytes a row in the file': whole(bytes / rows),
      [`a page of ${PAGE} rows meanwhile, median and 95%`]: `${at(0.5)} and ${at(0.95)}`,
    },
    holds: rows / seconds >= GOAL,
  };
}
