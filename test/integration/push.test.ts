// A trained policy on its way to the Hugging Face Hub, as a part of a run.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digest, startHub, TOKEN } from '../fixtures/hub.js';
import { engineTrainingArgs, vauto } from './shared-run.js';

const runs = mkdtempSync(join(tmpdir(), 'vauto-pushed-'));
const hubs: Awaited<ReturnType<typeof startHub>>[] = [];
beforeAll(async () => {
  hubs.push(await startHub({ refuse: 401 }), await startHub());
});
afterAll(async () => {
  for (const hub of hubs) await hub.close();
  rmSync(runs, { recursive: true, force: true });
});

const SETS = ['train.generation=transformers', 'train.steps=1', 'train.saveEvery=1', 'train.paritySamples=0'];

/** The same run again, with another answer of the Hub. */
function run(endpoint = '') {
  const env = { HF_TOKEN: TOKEN, HF_ENDPOINT: endpoint, HF_HUB_DISABLE_XET: '1' };
  return vauto([...engineTrainingArgs(runs, 'pushed', [...SETS, 'train.push={repo: me/policy}']), '--json'], { env });
}

test('a refused push leaves the training done; started again, the run pushes without training, and then no more', async () => {
  const [refusing, hub] = hubs;
  const first = await run(refusing?.url);
  expect(first.exitCode, first.stderr.slice(-3000)).toBe(0);
  expect(first.stderr).toContain('vauto runs push pushed --repo me/policy');
  expect(JSON.parse(first.stdout)).toMatchObject({ status: 'done', pushed: null });

  const second = await run(hub?.url);
  const url = `${hub?.url}/me/policy/commit/c0ffee`;
  expect(JSON.parse(second.stdout)).toMatchObject({ pushed: url });
  expect(second.stderr).toContain(url);
  const { stages } = JSON.parse(second.stdout) as { stages: { stage: string; reuses: number }[] };
  expect(stages.find(({ stage }) => stage === 'train')?.reuses).toBe(1);
  const policy = join(runs, 'pushed', 'train', 'policy');
  for (const name of readdirSync(policy)) {
    const sent = digest(hub?.files.get(name));
    expect(sent, name).toBe(
      createHash('sha256')
        .update(readFileSync(join(policy, name)))
        .digest('hex'),
    );
  }

  const asked = hub?.requests.length;
  expect((await run(hub?.url)).exitCode).toBe(0);
  expect(hub?.requests.length).toBe(asked);
  for (const name of ['vauto.db', 'pushed/workers.log'])
    expect(readFileSync(join(runs, name), 'latin1'), name).not.toContain(TOKEN);
});
