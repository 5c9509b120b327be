// The push to the Hub by the real huggingface_hub, against a server of its routes.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Bridge } from '../../../orchestrator/bridge/index.js';
import type { StageContext } from '../../../orchestrator/pipeline/stage.js';
import { openStore } from '../../../orchestrator/store/index.js';
import { pushPolicy, pushTrained } from '../../../orchestrator/training/push.js';
import { inputs } from '../../../orchestrator/training/stage.js';
import { testBridge } from '../../fixtures/bridge.js';
import { digest, startHub, TOKEN } from '../../fixtures/hub.js';
import { load, MINIMAL } from '../recipe/fixture.js';

const opened: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

const FILES = {
  'model.safetensors': Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 251)),
  'config.json': Buffer.from('{"model_type": "toy"}'),
  'README.md': Buffer.from('---\ntags: [vauto]\n---\n\n# toy\n'),
};
const RECIPE = `${MINIMAL}train: {push: {repo: me/policy}}\n`;

/** A trained run, and its log, in which the token must not be. */
async function setUp(endpoint: string, env: Record<string, string | undefined> = { HF_TOKEN: TOKEN }) {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-push-'));
  const policy = join(folder, 'first', 'train', 'policy');
  mkdirSync(policy, { recursive: true });
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(policy, name), content);
  const { recipe } = await load(RECIPE);
  const store = openStore(join(folder, 'vauto.db'));
  const runId = store.createRun({
    ...{ name: 'first', recipeText: RECIPE, recipe, seed: 1, environment: {} },
    folder: join(folder, 'first'),
  });
  const { id } = store.startStage(runId, 'train', 'key');
  store.finishStage(id, { step: 6 }, [{ name: 'policy', path: 'train/policy', sha256: 'ab', bytes: 1 }]);
  const log: string[] = [];
  const onLog = (line: string) => void log.push(line);
  const home = { HF_HOME: join(folder, 'home'), HF_TOKEN: undefined, HF_HUB_DISABLE_XET: '1', ...env };
  const bridge: Bridge = testBridge({ env: { ...process.env, ...home, HF_ENDPOINT: endpoint }, onLog });
  opened.push(bridge, store);
  const notes: string[] = [];
  const context: Partial<StageContext> = {
    ...{ recipe, store, runId, folder: join(folder, 'first', 'train'), signal: new AbortController().signal },
    progress: { note: (message) => void notes.push(message), update: () => {} },
    trainer: () => bridge.worker('trainer'),
    warn: (kind, message, data) => store.addEvent(runId, { level: 'warning', kind, message, data }),
  };
  const everything = () => JSON.stringify([store.events(runId), notes, log]);
  return { store, runId, bridge, notes, everything, policy, folder, context: context as StageContext };
}

async function hub(options: Parameters<typeof startHub>[0] = {}) {
  const started = await startHub(options);
  opened.push(started);
  return started;
}

test('the files arrive whole, weights of an earlier push go, the commit is recorded once', async () => {
  const server = await hub();
  const { store, runId, context, notes, everything } = await setUp(server.url);
  await pushTrained(context, 6);
  for (const [name, content] of Object.entries(FILES))
    expect(digest(server.files.get(name)), name).toBe(digest(content));
  expect(server.files.size).toBe(3);
  expect(server.deleted).toEqual(['old-00001-of-00002.safetensors']);
  expect(server.summaries).toEqual(['first: policy after step 6']);
  const made = server.requests.find(({ path }) => path === '/api/repos/create');
  expect(JSON.parse(made?.body.toString() ?? '')).toMatchObject({ name: 'policy', organization: 'me' });
  expect(made?.body.toString()).toMatch(/"visibility": ?"private"|"private": ?true/);

  const url = `${server.url}/me/policy/commit/c0ffee`;
  expect(notes.at(-1)).toBe(`pushed: ${url}`);
  expect(store.events(runId)).toMatchObject([
    { level: 'info', kind: 'push', data: { repo: 'me/policy', step: 6, url } },
  ]);
  // The token is in one header, and not where the weights are stored.
  for (const { path, headers, body } of server.requests) {
    const { authorization, ...others } = headers;
    if (/^\/(me|api\/(models|repos))\//.test(path)) expect(authorization, path).toBe(`Bearer ${TOKEN}`);
    if (path.startsWith('/storage/')) expect(authorization, path).toBeUndefined();
    expect(JSON.stringify([path, others]) + body.toString('latin1')).not.toContain(TOKEN);
  }
  expect(everything()).not.toContain(TOKEN);

  const asked = server.requests.length;
  await pushTrained(context, 6);
  expect(server.requests.length).toBe(asked);
});

test('goes to a branch', async () => {
  const server = await hub();
  const { store, runId, bridge, policy } = await setUp(server.url);
  const target = { repo: 'me/policy', private: true, revision: 'step-6' };
  await pushPolicy(bridge.worker('hub'), { store, runId, runName: 'first', folder: policy, step: 6 }, target);
  const paths = server.requests.map(({ path }) => path);
  expect(paths).toContain('/api/models/me/policy/branch/step-6');
  expect(paths).toContain('/api/models/me/policy/commit/step-6');
});

test.each([
  [401, 'HF_TOKEN'],
  [403, 'write access'],
  [404, 'check owner and name'],
  [500, 'later'],
])('an answer of %i is a warning with the way to repeat it', async (refuse, fix) => {
  const server = await hub({ refuse });
  const { store, runId, context, everything, folder } = await setUp(server.url);
  await pushTrained(context, 6);
  const [event] = store.events(runId);
  expect(event).toMatchObject({ level: 'warning', kind: 'push' });
  expect(event?.message).toContain(`answered ${refuse}`);
  expect(event?.message).toContain(fix);
  expect(event?.message).toContain(`vauto runs push first --repo me/policy --runs '${folder}'`);
  expect(everything()).not.toContain(TOKEN);
  expect(store.stages(runId)).toMatchObject([{ name: 'train', status: 'done' }]);
  // The same run started again tries once more.
  const asked = server.requests.length;
  await pushTrained(context, 6);
  expect(server.requests.length).toBeGreaterThan(asked);
});

test('nothing is sent without a network, without a token, or unencrypted', async () => {
  const cases = [
    { endpoint: 'http://127.0.0.1:9', says: 'cannot be reached' },
    { endpoint: 'http://127.0.0.1:9', env: {}, says: 'HF_TOKEN' },
    { endpoint: 'http://hub.example.org', says: 'unencrypted' },
    { endpoint: 'http://127.0.0.1:9', env: { HF_TOKEN: `${TOKEN}\u0007` }, says: 'characters' },
  ];
  for (const { endpoint, env, says } of cases) {
    const { store, runId, context, everything } = await setUp(endpoint, env);
    await pushTrained(context, 6);
    expect(store.events(runId)[0]?.message).toContain(says);
    expect(everything()).not.toContain(TOKEN);
  }
});

test('a private policy does not go to a public repository', async () => {
  const server = await hub({ isPublic: true });
  const { store, runId, context } = await setUp(server.url);
  await pushTrained(context, 6);
  expect(store.events(runId)[0]?.message).toContain('me/policy is public');
  expect(server.files.size).toBe(0);
});

test('a push changes nothing of the key, and its target is checked', async () => {
  const [plain, pushing] = [await load(MINIMAL), await load(RECIPE)];
  expect(inputs(pushing.recipe)).toEqual(inputs(plain.recipe));
  for (const repo of ['policy', 'me/a--b', 'me/-a', 'me/a.git', 'me/a/b', `me/${'a'.repeat(96)}`])
    await expect(load(`${MINIMAL}train: {push: {repo: ${repo}}}\n`), repo).rejects.toThrow('owner/name');
});
