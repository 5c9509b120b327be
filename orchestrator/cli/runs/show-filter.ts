import { z } from 'zod';
import { formatTable } from '../output.js';
import { tableWidth } from './open.js';
import type { RunView } from './show.js';

const counts = {
  prompts: z.number(),
  keep: z.number(),
  easy: z.number(),
  hard: z.number(),
  drop: z.number(),
  unknown: z.number(),
  rollouts: z.number(),
};
const schema = z.object({
  ...counts,
  exact: z.boolean(),
  saved: z.object({ rollouts: z.number(), tokens: z.number() }),
  groups: z.array(z.object({ source: z.string(), problemType: z.string(), ...counts })),
});

/** What the filter did with the prompts, by source and problem type. */
export function filterText({ ledger, filter }: RunView): string {
  const { data } = schema.safeParse(filter);
  const all = `\nfilter: kept ${ledger.kept}, dropped ${ledger.dropped}, unknown ${ledger.unknown}`;
  if (data === undefined) return all;
  const saved =
    data.saved.rollouts === 0 ? '' : `; ${data.saved.rollouts} rollouts (about ${data.saved.tokens} tokens) saved`;
  const columns = [
    ...(['source', 'type'] as const).map((header) => ({ header, shrink: header === 'source' })),
    ...['prompts', 'kept', 'too easy', 'too hard', 'unknown', 'rollouts'].map((header) => {
      return { header, align: 'right' as const };
    }),
  ];
  const rows = data.groups.map((group) => [
    ...[group.source, group.problemType, group.prompts, group.keep, group.easy, group.hard],
    ...[group.unknown, group.rollouts],
  ]);
  return `${all}${saved}\n\n${formatTable(columns, rows, tableWidth()).trimEnd()}`;
}
