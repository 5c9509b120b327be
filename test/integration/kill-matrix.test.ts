import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../orchestrator/statistics/index.js';
import { killable, SIGNALS, TARGETS } from './kills.js';
import { ROOT, recordSharedRun, sharedRun } from './shared-run.js';

/** A run from recorded rollouts is over in seconds, so that it can be killed everywhere. `test:long` takes more points. */
const POINTS = Number(process.env.VAUTO_TEST_KILLS ?? 10);
const STAGES = ['prepare', 'filter', 'evaluate', 'sweep', 'report'];

const folder = mkdtempSync(join(tmpdir(), 'vauto-kills-'));
const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
let runs: ReturnType<typeof killable>;
let whole: unknown;
/** Milliseconds of a whole run. */
let length = 0;

beforeAll(async () => {
  const sets = await recordSharedRun(join(folder, 'rollouts.jsonl'));
  runs = killable(join(folder, 'runs'), [recipe, ...sets.flatMap((set) => ['--set', set])]);
  const shared = await sharedRun();
  // What the media are was found out before; the runs below are to be about their own work.
  for (const cache of ['media-hashes.json', 'media-probes.json'])
    cpSync(join(shared, cache), join(folder, 'runs', cache), { recursive: true });
  length = await runs.whole('whole');
  whole = runs.content('whole');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(SIGNALS)('%s', (signal) => {
  test.each(TARGETS)(
    `to the %s at every stage boundary and ${POINTS} points at random: the run ends as if it had never been`,
    { timeout: 600_000 },
    async (target) => {
      const random = createRandom(SIGNALS.indexOf(signal) * 3 + TARGETS.indexOf(target));
      // One run takes all boundaries; a point that comes after the end of a run begins another.
      const names = [`${signal}-${target}`];
      const name = () => names.at(-1) as string;
      for (const stage of STAGES)
        await runs.killed(name(), signal, target, new RegExp(`^${stage}: (done|already done)`, 'm'));
      for (let point = 0; point < POINTS; point += 1) {
        if (!(await runs.killed(name(), signal, target, random() * length))) names.push(`${signal}-${target}-${point}`);
      }
      await runs.whole(name());
      for (const each of names) expect(runs.content(each), each).toEqual(whole);
    },
  );
});
