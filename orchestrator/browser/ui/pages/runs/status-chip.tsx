import type { RunStatus } from '../../../api/index.js';

const MEANING: Readonly<Record<RunStatus, string>> = {
  running: 'A process works on it.',
  done: 'All that was asked for is done.',
  failed: 'It stopped with an error.',
  interrupted: 'It was stopped, and goes on when it is started again.',
  stalled: 'Its process lives and has written nothing for ten minutes.',
};

/** The state of a run or stage, as a word in its colour. */
export function StatusChip({ status }: { status: RunStatus }) {
  return (
    <span class={`chip ${status}`} title={MEANING[status]}>
      {status}
    </span>
  );
}
