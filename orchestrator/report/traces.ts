import { benchmarkOf } from '../records/index.js';
import type { Store, StoredRollout } from '../store/index.js';
import type { TraceSample } from './data.js';

/** Frames of a prompt's media as data URIs. */
export type Thumbnails = (set: string, promptId: string) => Promise<readonly string[]>;

type Kind = { readonly title: string; readonly fits: (row: StoredRollout, exits: boolean) => boolean };

/** What is worth seeing, in this order: the gate at work, thinking at work, and a failure. */
const KINDS: readonly Kind[] = [
  {
    title: 'Sure at once: right without thinking',
    fits: (row, exits) => exits && row.verdicts.first?.correct === true,
  },
  {
    title: 'Thinking helped: the first answer was wrong, the second is right',
    fits: (row, exits) => !exits && row.verdicts.first?.correct !== true && row.verdicts.second?.correct === true,
  },
  {
    title: 'Sure and wrong: the gate let a wrong answer through',
    fits: (row, exits) => exits && row.verdicts.first?.correct === false,
  },
  { title: 'Wrong even after thinking', fits: (row, exits) => !exits && row.verdicts.second?.correct !== true },
  {
    title: 'Thought, and stayed with its answer',
    fits: (row, exits) => !exits && row.verdicts.second?.correct === true,
  },
];

/** The same of replies with one answer, whose model chose by itself. */
const CHOSEN_KINDS: readonly Kind[] = [
  { title: 'Chose to answer at once, rightly', fits: ({ correct }, exits) => exits && correct === true },
  { title: 'Chose to think, and was right', fits: ({ correct }, exits) => !exits && correct === true },
  { title: 'Chose to answer at once, and was wrong', fits: ({ correct }, exits) => exits && correct !== true },
  { title: 'Wrong even after thinking', fits: ({ correct }, exits) => !exits && correct !== true },
];

/** Sample traces of the greedy pass: one of each kind, from benchmarks not shown yet where there is a choice. `threshold` null: the model chooses by itself. */
export async function pickTraces(
  store: Store,
  runId: number,
  stageId: number,
  threshold: number | null,
  { traces: count, thumbnails }: { traces: number; thumbnails?: Thumbnails },
): Promise<TraceSample[]> {
  if (count === 0) return [];
  const picked = choose(store.stageRows(stageId), threshold, count);
  const samples: TraceSample[] = [];
  const chosen = threshold === null;
  // One after the other: frames come from one worker.
  for (const { row, title, exits } of picked) {
    const prompt = store.findPrompt(runId, row.set, row.promptId);
    if (!prompt) throw new Error(`prompt ${row.promptId} of ${row.set} is not in the store`);
    const { trace, verdicts, reward, rollout } = row;
    const frames = (await thumbnails?.(row.set, row.promptId)) ?? [];
    const benchmark = benchmarkOf(row.set);
    samples.push({ title, benchmark, prompt, text: rollout.text, trace, verdicts, reward, frames, exits, chosen });
  }
  return samples;
}

interface Candidate {
  readonly row: StoredRollout;
  readonly title: string;
  readonly exits: boolean;
}

/** One pass over the rows; at most `count` candidates of a kind and benchmark are held. */
function choose(rows: Iterable<StoredRollout>, threshold: number | null, count: number): Candidate[] {
  const kinds = threshold === null ? CHOSEN_KINDS : KINDS;
  const found = kinds.map(() => new Map<string, Candidate[]>());
  for (const row of rows) {
    if (row.pass !== 'greedy') continue;
    const { confidence, think } = row.trace;
    const exits = threshold === null ? think === null : confidence !== null && confidence >= threshold;
    const kind = kinds.findIndex((item) => item.fits(row, exits));
    const title = kinds[kind]?.title;
    if (title === undefined) continue;
    const list = found[kind]?.get(row.set) ?? [];
    if (list.length < count) list.push({ row, title, exits });
    found[kind]?.set(row.set, list);
  }
  return takeTurns(found, count);
}

/** Round by round through the kinds, each time from the benchmark shown least so far. */
function takeTurns(found: readonly Map<string, Candidate[]>[], count: number): Candidate[] {
  const chosen: Candidate[] = [];
  const shown = new Map<string, number>();
  for (let left = true; left && chosen.length < count; ) {
    left = false;
    for (const kind of found) {
      const sets = [...kind]
        .filter(([, list]) => list.length > 0)
        .sort(([a], [b]) => (shown.get(a) ?? 0) - (shown.get(b) ?? 0));
      const candidate = sets[0]?.[1].shift();
      if (candidate === undefined || chosen.length >= count) continue;
      chosen.push(candidate);
      shown.set(candidate.row.set, (shown.get(candidate.row.set) ?? 0) + 1);
      left = true;
    }
  }
  return chosen;
}
