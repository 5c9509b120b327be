import { UserError } from '../errors.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Exit status of everything that was interrupted. */
const INTERRUPTED = 130;

export interface Interrupt {
  /** Aborts at the first Ctrl-C, with the error that the command then ends with. */
  readonly signal: AbortSignal;
  /** Gives the signals back to their default meaning. */
  dispose(): void;
}

let current: AbortSignal | undefined;

/**
 * First Ctrl-C (or SIGTERM, SIGHUP): no new work is taken, what is under way is committed, and `resume` is shown as the
 * way to continue. Second: the process leaves at once with status 130; workers notice that their parent is gone.
 */
export function createInterrupt(resume?: string, doing = 'what is under way is being committed'): Interrupt {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    process.stderr.write(`\nstopping: ${doing}. Ctrl-C again leaves at once.\n`);
    controller.abort(interruption(resume));
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  current = controller.signal;
  return {
    signal: controller.signal,
    dispose: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}

/** Ends when the signal does. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}

/** The interruption that the user asked for, if any: an error that comes after it is its consequence. */
export function requestedInterruption(): UserError | undefined {
  return current?.aborted ? (current.reason as UserError) : undefined;
}

function interruption(resume: string | undefined): UserError {
  return new UserError({
    code: 'interrupted',
    kind: 'interrupted',
    message: 'interrupted',
    ...(resume === undefined ? {} : { fix: `continue with: ${resume}` }),
  });
}
