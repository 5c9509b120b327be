// A vLLM server that is ended in the middle of an evaluation, at once or gently, and started again on its port: the run waits
// for it and ends as one whose server stayed. Minutes; what happened is written to docs/results/server-restart.json.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startVllmServer, type VllmServer } from '../fixtures/vllm-server.js';
import { servedContentOf } from '../integration/kills.js';
import { servedRun } from '../integration/shared-run.js';
import { record, showRun } from './record.js';

/** A step of the server, so that many requests are under way when it ends. */
const STEP_MS = 50;

const scratch = mkdtempSync(join(tmpdir(), 'vauto-restart-'));
const runs = join(scratch, 'runs');
const file = join(runs, 'vauto.db');
const pace = join(scratch, 'pace');
const ends: object[] = [];
let server: VllmServer;

beforeAll(async () => {
  server = await startVllmServer(join(scratch, 'log'), pace);
  const { exitCode, stderr } = await run('stayed');
  expect(exitCode, stderr).toBe(0);
  writeFileSync(pace, String(STEP_MS));
});
afterAll(async () => {
  await server?.stop();
  const { run: shown } = await showRun(runs, 'stayed');
  record('server-restart', { run: shown }, { stepMilliseconds: STEP_MS, ends });
  rmSync(scratch, { recursive: true });
});

function run(name: string) {
  return servedRun({ url: `${server.url}/v1`, runs, run: name, benchmark: 'reasoning', limit: 96, samples: 1 });
}

test.each(['SIGKILL', 'SIGTERM'] as const)('ended by %s and started again', { timeout: 900_000 }, async (signal) => {
  const running = run(signal);
  let again: Promise<unknown> | undefined;
  running.stderr.on('data', (text) => {
    if (!/^evaluate: \d+\/\d/m.test(String(text))) return;
    again ??= server.stop(signal).then(async () => {
      server = await startVllmServer(join(scratch, 'log'), pace, server.port);
    });
  });
  const { exitCode, stderr } = await running;
  await again;
  expect(exitCode, stderr).toBe(0);
  const gone = /warning: the server at \S+ was gone for (\d+) s/.exec(stderr);
  expect(gone, stderr).not.toBeNull();
  expect(servedContentOf(file, signal)).toEqual(servedContentOf(file, 'stayed'));
  const { ledger } = await showRun(runs, signal);
  ends.push({ signal, secondsGone: Number(gone?.[1]), sentAgain: ledger.retried, rollouts: ledger.rollouts });
});
