import type { Facet, Facets } from '../api/index.js';
import type { RunTable } from './table.js';

/** GET /api/runs/:run/facets */
export function facetsOf(table: RunTable, threshold: number): Facets {
  const { length } = table;
  const byCode = (names: readonly string[], values: ArrayLike<number>): Facet[] => {
    const numbers = new Float64Array(names.length);
    for (let row = 0; row < length; row += 1) numbers[values[row] ?? 0] = (numbers[values[row] ?? 0] ?? 0) + 1;
    return names.map((name, code) => ({ name, rollouts: numbers[code] ?? 0 }));
  };
  const byPrompt = byCode(
    table.prompts.map(([id]) => String(id)),
    table.prompt.values,
  );
  const byField = (field: 1 | 3 | 4): Facet[] => {
    const numbers = new Map<string, number>();
    table.prompts.forEach((prompt, place) => {
      const rollouts = byPrompt[place]?.rollouts ?? 0;
      if (rollouts > 0) numbers.set(prompt[field], (numbers.get(prompt[field]) ?? 0) + rollouts);
    });
    return [...numbers].map(([name, rollouts]) => ({ name, rollouts }));
  };
  return {
    stages: byCode(table.stages.list, table.stage.values).filter(({ rollouts }) => rollouts > 0),
    passes: byCode(table.passes.list, table.pass.values),
    ...{ sets: byField(1), sources: byField(3), types: byField(4), threshold },
  };
}
