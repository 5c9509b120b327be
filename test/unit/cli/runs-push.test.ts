import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { openStore } from '../../../orchestrator/store/index.js';
import { python } from '../../fixtures/bridge.js';
import { vauto } from '../../fixtures/command.js';
import { startHub, TOKEN } from '../../fixtures/hub.js';
import { demoRun } from '../report/demo-run.js';

const { folder, file, runId, store } = demoRun();
store.close();
const policy = join(folder, 'quickstart', 'train', 'policy');

afterEach(() => void vi.unstubAllEnvs());

/** What `vauto runs push quickstart …` prints to standard output. */
function push(endpoint: string, token: string | undefined, ...args: string[]): Promise<string> {
  const env = { HF_ENDPOINT: endpoint, HF_TOKEN: token, HF_HOME: join(folder, 'home'), HF_HUB_DISABLE_XET: '1' };
  for (const [name, value] of Object.entries({ ...env, VAUTO_PYTHON: python })) vi.stubEnv(name, value);
  return vauto('runs', 'push', 'quickstart', '--runs', folder, '--repo', 'me/policy', ...args);
}

test('pushes the policy of a finished run, prints the commit and records it', async () => {
  mkdirSync(policy, { recursive: true });
  writeFileSync(join(policy, 'config.json'), '{}');
  const hub = await startHub();
  try {
    const url = `${hub.url}/me/policy/commit/c0ffee`;
    expect(await push(hub.url, TOKEN)).toBe(`${url}\n`);
    expect(hub.files.get('config.json')?.toString()).toBe('{}');
    expect(JSON.parse(await push(hub.url, TOKEN, '--public', '--json'))).toMatchObject({ repo: 'me/policy', url });
  } finally {
    await hub.close();
  }
  const written = openStore(file, { readonly: true });
  const pushes = written.events(runId).filter(({ kind }) => kind === 'push');
  written.close();
  expect(pushes).toMatchObject([{ data: { private: true } }, { data: { private: false } }]);
  expect(JSON.stringify(pushes)).not.toContain(TOKEN);
});

test('says what is missing: a token, a policy, a training', async () => {
  await expect(push('http://127.0.0.1:9', undefined)).rejects.toMatchObject({
    code: 'hub-token',
    fix: expect.stringContaining('HF_TOKEN'),
  });
  await expect(push('http://127.0.0.1:9', TOKEN, '--repo', 'policy')).rejects.toThrow('owner/name');
  rmSync(dirname(policy), { recursive: true });
  await expect(push('http://127.0.0.1:9', TOKEN)).rejects.toMatchObject({ code: 'policy-gone' });
  const writer = openStore(file);
  writer.startStage(runId, 'train', 'another key');
  writer.close();
  await expect(push('http://127.0.0.1:9', TOKEN)).rejects.toMatchObject({ code: 'not-trained' });
});
