import { rmSync } from 'node:fs';
import { openStore } from '../../../orchestrator/store/index.js';
import { compiledStore, inChild } from './child.js';
import { newRun, prompts, rowOf, storeWithRun } from './rows.js';

const ROWS = 50;

export interface Contention {
  /** Exit status and complaints of each process; `0 ` is fine. */
  readonly ends: readonly string[];
  /** Units that each writer says it has committed, and those that the store has of its run. */
  readonly said: readonly number[];
  readonly stored: readonly number[];
  /** Rollouts of each run, by its ledger and by reading them one by one; rows lost. */
  readonly rollouts: readonly { readonly ledger: number; readonly read: number; readonly lost: number }[];
  /** What the reader did: pages read, ledgers that did not close, most rows in a ledger. */
  readonly reader: { readonly pages: number; readonly ledgers: number; readonly torn: number; readonly most: number };
}

/** Two processes commit units to a run each while a third pages through both and reads their ledgers, for so long. */
export async function contend(seconds: number): Promise<Contention> {
  const compiled = compiledStore();
  const { store, file, runId } = storeWithRun();
  const other = store.createRun({ ...newRun, name: 'second' });
  store.savePrompts(other, 'train', prompts(10));
  const runs = [runId, other];
  const stages = runs.map((run) => store.startStage(run, 'filter', 'k').id);
  store.close();
  const until = `const until = Date.now() + ${seconds * 1000};`;
  const writer = (stage: number | undefined) => `${until}
    const store = openStore(${JSON.stringify(file)});
    const row = ${JSON.stringify(rowOf('p0', 0))};
    let unit = 0;
    for (; Date.now() < until; unit += 1) {
      const rows = Array.from({ length: ${ROWS} }, (_, i) => ({ ...row, rollout: { ...row.rollout, index: unit * ${ROWS} + i } }));
      store.commitUnit(${stage}, 'unit-' + unit, rows);
    }
    console.log(unit);
    store.close();`;
  const reader = `${until}
    const store = openStore(${JSON.stringify(file)}, { readonly: true });
    const seen = { pages: 0, ledgers: 0, torn: 0, most: 0 };
    while (Date.now() < until) {
      for (const run of ${JSON.stringify(runs)}) {
        const ledger = store.ledger(run);
        seen.ledgers += 1;
        seen.most = Math.max(seen.most, ledger.rollouts);
        if (ledger.lost !== 0 || ledger.rollouts % ${ROWS} !== 0) seen.torn += 1;
        for (let after, pages = 0; Date.now() < until && pages < 50; pages += 1) {
          const page = store.rollouts({ run, limit: 100, ...(after ? { after } : {}) });
          seen.pages += 1;
          if (page.next === null) break;
          after = page.next;
        }
      }
    }
    console.log(JSON.stringify(seen));
    store.close();`;
  const results = await Promise.all([...stages.map(writer), reader].map((script) => inChild(compiled, script)));
  rmSync(compiled, { recursive: true });
  const [first, second, read] = results.map(({ stdout }) => stdout as string);
  const after = openStore(file, { readonly: true });
  const made = {
    ends: results.map(({ exitCode, stderr }) => `${exitCode} ${stderr}`),
    said: [Number(first), Number(second)],
    stored: stages.map((stage) => after.committedUnits(stage).size),
    rollouts: runs.map((run, place) => {
      const { rollouts, lost } = after.ledger(run);
      return { ledger: rollouts, read: countOf(after.outcomes(stages[place] as number)), lost };
    }),
    reader: JSON.parse(read || '{}') as Contention['reader'],
  };
  after.close();
  return made;
}

function countOf(rows: Iterable<unknown>): number {
  let count = 0;
  for (const _row of rows) count += 1;
  return count;
}

/** What must hold of it: nobody was turned away, and what was said to be committed is there, once. */
export function expected({ said }: Contention) {
  const rollouts = said.map((units) => ({ ledger: units * ROWS, read: units * ROWS, lost: 0 }));
  return { ends: ['0 ', '0 ', '0 '], stored: said, rollouts, reader: { torn: 0 } };
}
