import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { openStore } from '../../../orchestrator/store/index.js';
import { compiledStore, inChild, runNode } from './child.js';
import { promptOf, prompts, storeWithRun } from './rows.js';

const compiled = compiledStore();
afterAll(() => rmSync(compiled, { recursive: true }));

/** The prompts, and a failure after them. */
function* broken(count: number) {
  yield* prompts(count);
  throw new Error('the source broke');
}

test('a set of many batches keeps its order, and is saved again without being written again', () => {
  const { store, runId, file } = storeWithRun();
  const many = prompts(2500).reverse();
  store.savePrompts(runId, 'train', many.values());
  expect(store.prompts(runId, 'train')).toEqual(many);
  const watching = openStore(file, { readonly: true });
  const before = watching.ledger(runId);
  store.savePrompts(runId, 'train', many);
  expect(watching.ledger(runId)).toEqual(before);
  store.savePrompts(runId, 'train', many.slice(0, 2000));
  expect(watching.prompts(runId, 'train')).toEqual(many.slice(0, 2000));
  store.savePrompts(runId, 'train', []);
  expect(watching.prompts(runId, 'train')).toEqual([]);
  watching.close();
  store.close();
});

test('a save that breaks leaves the set as it was, and the next one finds what was written', () => {
  const { store, runId } = storeWithRun();
  expect(() => store.savePrompts(runId, 'train', broken(1500))).toThrow('the source broke');
  expect(store.prompts(runId, 'train')).toEqual(prompts(10));
  expect(store.ledger(runId).prompts).toEqual({ train: 10 });
  store.savePrompts(runId, 'train', prompts(1500));
  expect(store.prompts(runId, 'train')).toEqual(prompts(1500));
  store.close();
});

test('a process killed while it saves leaves the set as it was', { timeout: 60_000 }, async () => {
  const { store, runId, file } = storeWithRun();
  store.close();
  const script = `
    const store = openStore(${JSON.stringify(file)});
    const prompt = ${JSON.stringify(promptOf('x'))};
    function* endless() {
      for (let n = 0; ; n += 1) {
        if (n === 5000) console.log('under way');
        yield { ...prompt, id: 'x' + n };
      }
    }
    store.savePrompts(${runId}, 'train', endless());`;
  const child = inChild(compiled, script);
  await Promise.race([once(child.stdout, 'data'), child.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
  child.kill('SIGKILL');
  await child;
  const again = openStore(file);
  expect(again.prompts(runId, 'train')).toEqual(prompts(10));
  again.savePrompts(runId, 'train', prompts(12));
  expect(again.prompts(runId, 'train')).toEqual(prompts(12));
  again.close();
});

test('200,000 prompts are saved without being held', { timeout: 180_000 }, async () => {
  const { store, runId, file } = storeWithRun();
  store.close();
  const script = `
    import { openStore } from '${compiled}/store/index.js';
    const store = openStore(${JSON.stringify(file)});
    const prompt = ${JSON.stringify(promptOf('x'))};
    const question = 'What is shown in this part? '.repeat(10);
    function* many() {
      for (let n = 0; n < 200_000; n += 1) yield { ...prompt, id: 'x' + n, question: n + question };
    }
    store.savePrompts(${runId}, 'train', many());
    gc();
    console.log(JSON.stringify({ ...store.ledger(${runId}).prompts, heapUsed: process.memoryUsage().heapUsed }));`;
  const { stdout, stderr } = await runNode(compiled, script, ['--expose-gc', '--max-old-space-size=64']);
  expect(stderr).toBe('');
  const { train, heapUsed } = JSON.parse(String(stdout)) as { train: number; heapUsed: number };
  expect(train).toBe(200_000);
  expect(heapUsed).toBeLessThan(16 * 1024 * 1024);
});
