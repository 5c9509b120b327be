import { join } from 'node:path';
import type { RolloutRow, Store } from '../../orchestrator/store/index.js';
import { promptOf, rowOf } from '../unit/store/rows.js';

/** Texts that would do something if a page took them for more than text. */
export const HOSTILE = [
  '<script>window.hacked=1</script>',
  '<img src=x onerror="window.hacked=1">',
  '<a href="javascript:window.hacked=1">here</a>',
  'javascript:window.hacked=1',
  '"><svg onload=window.hacked=1>',
  '\u202egnp.exe and \u2067isolated',
  '<iframe src="http://evil.example/"></iframe><style>*{display:none}</style>',
  '{{constructor.constructor("window.hacked=1")()}}',
] as const;

/** A name is part of an address, too. */
export const HOSTILE_RUN = '<img src=x onerror=window.hacked=1>&run=%22..';
/** Characters of the longest completion. */
export const LONG = 1_000_000;
const LONG_ID = 'long';

/** A run all of whose texts are hostile, evaluated, with events, warnings and steps. */
export function addHostileRun(store: Store, runs: string): void {
  const runId = store.createRun({
    ...{ name: HOSTILE_RUN, recipeText: HOSTILE.join('\n'), seed: 1, environment: { packages: { vllm: HOSTILE[1] } } },
    ...{ recipe: { name: HOSTILE_RUN, evaluate: { threshold: 0.7 }, video: {} }, folder: join(runs, 'hostile') },
  });
  store.changeTags(runId, { add: [HOSTILE[0], HOSTILE[1]] });
  store.setNote(runId, HOSTILE.join(' '));
  store.addEvent(runId, { level: 'warning', kind: HOSTILE[0], message: HOSTILE[1], data: { html: HOSTILE[4] } });
  store.savePrompts(runId, 'benchmark:hostile', [...HOSTILE.map(hostilePrompt), promptOf(LONG_ID)]);
  const { id } = store.startStage(runId, 'evaluate', 'key');
  store.commitUnit(id, 'u', [...HOSTILE.map(hostileRow), longRow()]);
  const metric = { benchmark: HOSTILE[1], policy: 'auto', name: 'accuracy', value: 0.5, low: 0.4, high: 0.6, n: 9 };
  store.saveMetrics(id, [metric, { ...metric, benchmark: 'overall' }]);
  store.saveStep(id, 1, { reward: 0.5, [HOSTILE[1]]: 1 });
  store.finishStage(id, {}, [{ name: HOSTILE[0], path: HOSTILE[1], sha256: HOSTILE[2], bytes: 1 }]);
  store.setRunStatus(runId, 'failed', HOSTILE.join(' '));
}

function hostilePrompt(text: string) {
  const prompt = promptOf(text, text);
  const media = prompt.media.map((medium) => ({ ...medium, path: `/${text}.mp4`, sha256: text }));
  return { ...prompt, ...{ source: text, question: text, options: [text, text], media, meta: { [text]: text } } };
}

function hostileRow(text: string): RolloutRow {
  return { ...rowWith(text, text, text), verdicts: { ...rowOf(text, 0).verdicts, first: null } };
}

/** One megabyte that is nothing but one token after another of a hostile text. */
function longRow(): RolloutRow {
  const piece = HOSTILE[1];
  const row = rowWith(LONG_ID, piece.repeat(Math.ceil(LONG / piece.length)), 'A');
  const tokenEnds = Array.from({ length: row.rollout.text.length / piece.length }, (_, at) => (at + 1) * piece.length);
  const logprobs = tokenEnds.map((_, at) => -(at % 7) / 2);
  return { ...row, rollout: { ...row.rollout, tokenEnds, logprobs, tokenIds: tokenEnds.map((_, at) => at) } };
}

function rowWith(promptId: string, text: string, answer: string): RolloutRow {
  const row = rowOf(promptId, 0);
  const box = { text: answer, charStart: 0, charEnd: text.length, tokenStart: 0, tokenEnd: 1 };
  return {
    ...{ ...row, set: 'benchmark:hostile', pass: 'greedy' },
    rollout: { ...row.rollout, text, tokenIds: [1], logprobs: [-0.5], tokenEnds: [text.length] },
    trace: { ...row.trace, first: box, second: box, think: text },
  };
}
