import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { holdersOf } from '../../../orchestrator/store/holders.js';
import { openStore } from '../../../orchestrator/store/index.js';
import { restoreStore } from '../../../orchestrator/store/restore.js';
import { compiledStore, inChild } from './child.js';
import { newRun, storeWithRun } from './rows.js';

const compiled = compiledStore();
afterAll(() => rmSync(compiled, { recursive: true }));

/** A process that locks the store (or only has it open) until it is ended. */
async function holder(file: string, sql: string) {
  const script = `import Database from 'better-sqlite3';
    const db = new Database(${JSON.stringify(file)});
    db.exec(${JSON.stringify(sql)});
    console.log('holds');
    setInterval(() => db, 1000);`;
  const child = execa('node', ['--input-type=module', '-e', script], { cwd: compiled, reject: false });
  await Promise.race([once(child.stdout, 'data'), child.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
  return {
    pid: child.pid,
    end: async () => {
      child.kill('SIGKILL');
      await child;
    },
  };
}

const errorOf = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
};

test.runIf(process.platform === 'linux')(
  'a store that another process has locked: which one, and what to do',
  async () => {
    const { store, file, runId } = storeWithRun();
    store.close();
    const locking = await holder(file, 'BEGIN EXCLUSIVE');
    const looking = await holder(file, 'SELECT count(*) FROM runs');
    try {
      const again = openStore(file, { busyTimeoutMs: 100 });
      const error = errorOf(() => again.createRun({ ...newRun, name: 'second' }));
      expect(error).toMatchObject({
        code: 'store-busy',
        message: expect.stringMatching(`^${file} is locked by process ${locking.pid} \\(node .*\\)$`),
        fix: expect.stringContaining('start the same command again'),
      });
      // Reading goes on.
      expect(again.findRun('first')?.id).toBe(runId);
      again.close();
      expect(errorOf(() => restoreStore(file, { force: true }))).toMatchObject({
        code: 'store-busy',
        message: expect.stringContaining(`process ${looking.pid} (`),
      });
      const found = holdersOf(file)?.map(({ pid, writing }) => [pid, writing]);
      expect(found?.sort()).toEqual(
        [
          [locking.pid, true],
          [looking.pid, false],
        ].sort(),
      );
    } finally {
      await Promise.all([locking.end(), looking.end()]);
    }
    const free = openStore(file, { busyTimeoutMs: 100 });
    expect(free.createRun({ ...newRun, name: 'second' })).toBeGreaterThan(runId);
    free.close();
  },
);

test('a writer waits for the transaction of another one', { timeout: 60_000 }, async () => {
  const { store, file } = storeWithRun();
  store.close();
  const locking = await holder(file, 'BEGIN EXCLUSIVE');
  const waiting = inChild(
    compiled,
    `const store = openStore(${JSON.stringify(file)});
     console.log('open');
     store.createRun({ name: 'second', recipeText: '', recipe: {}, folder: 'second', seed: 1, environment: {} });
     store.close();`,
  );
  await once(waiting.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, 300));
  await locking.end();
  const { exitCode, stderr } = await waiting;
  expect(`${exitCode} ${stderr}`).toBe('0 ');
});
