import type { WorkerFailure } from '../bridge/index.js';
import { UserError } from '../errors.js';
import type { StageContext } from '../pipeline/stage.js';

const LOSSES: readonly unknown[] = ['died', 'hung'] satisfies WorkerFailure[];

/**
 * Runs a training, and once more, from its last checkpoint, when its process is lost. Throws UserError `trainer-lost` when
 * that is lost too: then it is not chance. `settle`: waits for what the lost one had asked for.
 */
export async function twiceIfLost<T>(
  context: StageContext,
  attempt: () => Promise<T>,
  settle: () => Promise<unknown>,
): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!isLoss(error)) throw error;
    const message = `the training process was lost (${error.message}); it goes on after the last checkpoint`;
    context.warn('trainer-lost', message, { message: error.message });
    // The engine must not be given other weights in the middle of it; its own failure is met with again.
    await settle().catch(() => {});
  }
  try {
    return await attempt();
  } catch (error) {
    throw isLoss(error) ? lostAgain(error) : error;
  }
}

function isLoss(error: unknown): error is Error {
  return error instanceof Error && error.name === 'WorkerError' && LOSSES.includes((error as { code?: unknown }).code);
}

function lostAgain(error: Error): UserError {
  return new UserError({
    code: 'trainer-lost',
    kind: 'environment',
    message: `the training process was lost twice: ${error.message}`,
    fix: "look for its last words in the run's log; where it was killed for memory, lower train.promptsPerStep or train.groupSize. The same command goes on after the last checkpoint",
    cause: error,
  });
}
