import { z } from 'zod';
import type { StageContext } from '../pipeline/stage.js';
import { startAskServer } from './ask-server.js';
import { isLaunched, type trainParams } from './params.js';

/** What a training asks and tells, whichever way it reaches this process. */
export interface TrainingHost {
  readonly handlers: Readonly<Record<string, (payload: unknown) => Promise<unknown>>>;
  readonly onEvent: (name: string, payload: unknown) => void;
  /** Ends the training, after a checkpoint where a round ends. */
  readonly signal: AbortSignal;
}

const EVENTS = {
  step: z.looseObject({ step: z.int() }),
  saved: z.looseObject({ step: z.int() }),
  warning: z.looseObject({ message: z.string() }),
};

/** `train.run`: over the bridge in one process; its processes, where there are several, ask over HTTP. */
export async function runTraining(context: StageContext, params: ReturnType<typeof trainParams>, host: TrainingHost) {
  const { recipe } = context;
  const { signal } = host;
  const options = { signal, timeoutMs: Number.POSITIVE_INFINITY, onEvent: host.onEvent };
  const trainer = context.trainer();
  if (!isLaunched(recipe.train)) return trainer.call('train.run', params, { ...options, handlers: host.handlers });

  const cancelled = () => signal.aborted;
  const server = await startAskServer({ ...host, events: EVENTS, processes: recipe.train.processes, cancelled });
  try {
    const { url, token } = server;
    return await trainer.call('train.run', { ...params, ask: { url, token } }, options);
  } catch (error) {
    // Python only reports that its question failed; the cause is here.
    throw signal.aborted ? error : (server.failure() ?? error);
  } finally {
    await server.close();
  }
}
