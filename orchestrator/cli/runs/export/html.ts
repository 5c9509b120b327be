import { exitsHere } from '../../../browser/reader/traces.js';
import { type Markup, markup } from '../../../report/markup.js';
import { traceSection } from '../../../report/page-trace.js';
import type { ViewedRollout } from '../../../store/index.js';
import { modeOf } from '../mode.js';
import { withReader } from '../reader.js';
import { PAGE_END, pageHead } from './html-page.js';
import { type ExportJob, rolloutsOf } from './rows.js';

/** Traces of a page. */
const SHOWN = 200;

/** One page for people, written piece by piece. All that comes from the store is text in it, never markup. */
export async function writeHtml(job: ExportJob): Promise<number> {
  const { run, store, selection, write, flags } = job;
  const detail = withReader(flags.runs, (reader) => reader.run({ run: run.name }));
  const most = flags.limit ?? SHOWN;
  const shown = Math.min(most, selection.length);
  await write(
    pageHead({ detail, recipe: run.recipe, steps: store.steps(run.id), shown, total: selection.length, flags }).text,
  );
  const mode = modeOf(run);
  for (const one of rolloutsOf(job, most)) await write(traceItem(one, selection.threshold, mode).text);
  await write(PAGE_END);
  return shown;
}

/** One line, and everything else behind it. */
function traceItem(one: ViewedRollout, threshold: number, mode: string): Markup {
  const { stage, pass, set, promptId, rollout, step, trace, verdicts, reward, prompt, correct } = one;
  const twice = mode === 'answer-twice';
  const exits = twice ? exitsHere(one, threshold) : mode === 'direct' || trace.think === null;
  const title = `${promptId} #${rollout.index}${step === undefined ? '' : `, step ${step}`}`;
  const section = traceSection(
    {
      ...{ title, benchmark: `${stage}/${pass} · ${set}`, prompt, text: rollout.text, trace, verdicts, reward },
      ...{ frames: [], exits, chosen: !twice },
    },
    threshold,
  );
  return markup`<details><summary><span class="chip ${kindOf(correct)}">${wordOf(correct)}</span> <bdi>${title}</bdi> <span class="ci">${facts(one)}</span></summary>${section}</details>
`;
}

function facts({ stage, trace, reward }: ViewedRollout): string {
  const sure = trace.confidence === null ? '' : `, confidence ${trace.confidence.toFixed(3)}`;
  const paid = reward === null ? '' : `, reward ${reward.total.toFixed(2)}`;
  return `${stage}, ${trace.tokens.total} tokens${sure}${paid}`;
}

function wordOf(correct: boolean | null): string {
  return correct === null ? 'not graded' : correct ? 'right' : 'wrong';
}

function kindOf(correct: boolean | null): string {
  return correct === null ? '' : correct ? 'up' : 'down';
}
