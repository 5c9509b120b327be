import type { FlipSide } from '../../../api/index.js';
import { count } from '../../shared/format.js';

/** "0.9746"; above every confidence, ">1". */
export function thresholdText(threshold: number): string {
  return threshold > 1 ? '>1' : threshold.toFixed(4);
}

/** One run's answer to a question. */
export function Side({ side }: { readonly side: FlipSide }) {
  return (
    <>
      <Mark correct={side.correct} /> <span class="answer">{side.answer ?? <i class="soft">no answer</i>}</span>
      <span class="under soft small">
        {side.exits ? 'exits' : 'thinks'}
        {side.confidence !== null && ` at ${side.confidence.toFixed(4)}`}, {count(side.tokens)} tokens
      </span>
    </>
  );
}

export function Mark({ correct }: { readonly correct: boolean | null }) {
  if (correct === null)
    return (
      <b class="soft" title="not graded">
        ?
      </b>
    );
  return (
    <b class={correct ? 'right' : 'wrong'}>
      <span aria-hidden="true">{correct ? '✓' : '✗'}</span>
      <span class="hidden">{correct ? 'right' : 'wrong'}</span>
    </b>
  );
}
