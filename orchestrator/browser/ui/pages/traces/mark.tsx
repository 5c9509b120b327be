import type { AnswerCell } from '../../../api/index.js';

/** A sign and a word for right, wrong, or not known, so that it is not told by colour alone. */
export function Mark({ correct, state }: { correct: boolean | null; state?: AnswerCell['state'] | undefined }) {
  const [sign, word, look] =
    correct === null
      ? (['?', state === 'timeout' ? 'the grader timed out' : 'not graded', 'soft'] as const)
      : correct
        ? (['✓', 'right', 'right'] as const)
        : (['✗', state === 'unparsed' ? 'wrong, cannot be read' : 'wrong', 'wrong'] as const);
  return (
    <span class={`mark ${look}`} role="img" aria-label={word} title={word}>
      {sign}
    </span>
  );
}

/** In the place of an answer that is not there. */
export function NoMark({ what = 'no such answer' }: { what?: string }) {
  return (
    <span class="mark soft" role="img" aria-label={what} title={what}>
      –
    </span>
  );
}
