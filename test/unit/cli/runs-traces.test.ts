import { describe, expect, it } from 'vitest';
import { vauto } from '../../fixtures/command.js';
import { answered, runsFolder } from './stored-run.js';

interface Printed {
  rows: { promptId: string; rollout: { index: number }; prompt: { question: string }; runId?: number }[];
  next: string | null;
  total?: number;
  offset?: number;
}

/** Ten rollouts p0#0 … p4#1, their confidence 0, 0.1, … */
function tenRollouts() {
  const rows = Array.from({ length: 10 }, (_, place) =>
    answered(`p${Math.floor(place / 2)}`, place % 2, {
      ...{ confidence: place / 10, first: place >= 5, second: place % 3 === 0 ? null : place % 3 === 1 },
      ...{ text: place === 7 ? 'A zebra, naïve' : 'a horse', tokens: 100 - place },
    }),
  );
  const { folder } = runsFolder('filter', rows, { p4: 'Where is the zebra?' });
  const text = (...args: string[]) => vauto('runs', 'traces', 'first', ...args, '--runs', folder);
  const traces = async (...args: string[]): Promise<Printed> => JSON.parse(await text(...args, '--json'));
  const names = async (...args: string[]) =>
    (await traces(...args)).rows.map((row) => `${row.promptId}#${row.rollout.index}`);
  return { text, traces, names };
}

describe('vauto runs traces', () => {
  it('filters by what a gate does, by outcomes and by confidence', async () => {
    const { names } = tenRollouts();
    expect(await names('--gate', 'exit', '--threshold', '0.8')).toEqual(['p4#0', 'p4#1']);
    expect(await names('--gate', 'think', '--threshold', '0.2')).toEqual(['p0#0', 'p0#1']);
    expect(await names('--first', 'right', '--second', 'wrong')).toEqual(['p2#1', 'p4#0']);
    expect(await names('--second', 'unknown')).toEqual(['p0#0', 'p1#1', 'p3#0', 'p4#1']);
    expect(await names('--min-confidence', '0.3', '--max-confidence', '0.5')).toEqual(['p1#1', 'p2#0', 'p2#1']);
    expect(await names('--state', 'error', '--first', 'right')).toEqual(['p3#0', 'p4#1']);
    expect(await names('--pass', 'filter', '--source', 'toy', '--type', 'exact_match')).toHaveLength(10);
    expect(await names('--pass', 'greedy')).toEqual([]);
  });

  it('takes --wrong to mean the same with and without other filters', async () => {
    const { names } = tenRollouts();
    const plain = await names('--wrong');
    expect(plain).toEqual(['p1#0', 'p2#1', 'p4#0']);
    expect(await names('--wrong', '--pass', 'filter')).toEqual(plain);
  });

  it('searches the full text, which is indexed first', async () => {
    const { names } = tenRollouts();
    expect(await names('--search', 'ZEBRA')).toEqual(['p3#1', 'p4#0', 'p4#1']);
    expect(await names('--search', 'zebra naive')).toEqual(['p3#1']);
    expect(await names('--search', '"the zebra"')).toEqual(['p4#0', 'p4#1']);
    expect(await names('--search', 'zeb*', '--wrong')).toEqual(['p4#0']);
    expect(await names('--search', '")(*:')).toEqual([]);
  });

  it('sorts and turns pages by offset', async () => {
    const { names, traces } = tenRollouts();
    expect(await names('--sort', 'tokens', '--limit', '2')).toEqual(['p4#1', 'p4#0']);
    expect(await names('--sort', 'confidence', '--order', 'desc', '--offset', '1', '--limit', '2')).toEqual([
      'p4#0',
      'p3#1',
    ]);
    expect(await traces('--offset', '8')).toMatchObject({ next: null, total: 10, offset: 8 });
    expect(await traces('--offset', '50')).toMatchObject({ rows: [], next: null, total: 10 });
  });

  it('goes on with --after, with the old filters and the new', async () => {
    const { names, traces } = tenRollouts();
    for (const filter of [[], ['--pass', 'filter'], ['--search', 'horse']]) {
      const found: string[] = [];
      const all = await names(...filter);
      for (let after: string[] = []; ; ) {
        const { rows, next } = await traces(...filter, '--limit', '3', ...after);
        found.push(...rows.map((row) => `${row.promptId}#${row.rollout.index}`));
        if (next === null) break;
        after = ['--after', next];
      }
      expect(found).toEqual(all);
    }
  });

  it('gives rows of one shape, prompts among them', async () => {
    const { traces } = tenRollouts();
    const [plain, filtered] = [await traces('--limit', '1'), await traces('--limit', '1', '--pass', 'filter')];
    expect(filtered.rows).toEqual(plain.rows);
    expect(plain.rows[0]?.prompt.question).toBe('What is p0?');
  });

  it('refuses what cannot go together', async () => {
    const { text } = tenRollouts();
    await expect(text('--after', 'x', '--sort', 'id')).rejects.toThrow('--after cannot be combined with --sort');
    await expect(text('--after', 'x', '--offset', '1')).rejects.toThrow('--after cannot be combined with --offset');
    await expect(text('--order', 'asc')).rejects.toThrow('--order needs --sort');
    await expect(text('--after', 'x', '--pass', 'filter')).rejects.toThrow('no page token');
    await expect(text('--after', 'behind-999', '--pass', 'filter')).rejects.toThrow('no page token');
    await expect(text('--min-confidence', '2')).rejects.toThrow('from 0 to 1');
  });

  it('prints a table and, with --explain, everything', async () => {
    const { text } = tenRollouts();
    expect(await text('--sort', 'confidence', '--order', 'desc', '--limit', '1')).toMatch(/^filter +p4 +1 +0\.900/m);
    expect(await text('--search', 'naive', '--explain')).toContain('A zebra, naïve');
    expect(await text('--pass', 'none')).toBe('no rollouts match\n');
  });
});
