import { type Params, type Worker, WorkerError } from '../bridge/index.js';
import type {
  EngineInfo,
  GenerateOptions,
  InspectItem,
  InspectSample,
  RolloutEngine,
  RolloutRequest,
} from './engine.js';
import {
  type FailedEvent,
  type RolloutEvent,
  toFailure,
  toInfo,
  toInspectItem,
  toRollout,
  toWireRequest,
  toWireSample,
} from './wire.js';

/** As much of a bridge worker as the engine uses. */
export type EngineWorker = Pick<Worker, 'call' | 'starts' | 'stop'>;

export interface VllmEngineOptions {
  /** The process that will hold the engine, and nothing else. */
  readonly worker: EngineWorker;
  /** Folder or hub id. */
  readonly model: string;
  readonly revision?: string;
  readonly trustRemoteCode: boolean;
  /** vLLM engine arguments; Python refuses names that vLLM does not have. */
  readonly engineArgs: Readonly<Record<string, unknown>>;
  /** Frames and pixels of a video, in the form of the wire. */
  readonly videoBudget: Params<'rollout.load'>['video_budget'];
  readonly seed: number;
  /** Whether it is put to sleep now and then: vLLM has to know when it starts. */
  readonly sleep?: boolean;
  readonly onLog?: (line: string) => void;
  /** Called each time an engine has come up. */
  readonly onUp?: (info: EngineInfo) => void;
  /** Milliseconds without progress after which a generating process counts as hung; default 10 minutes. */
  readonly silenceMs?: number;
}

const SILENCE_MS = 600_000;
/** How often requests are sent together before each is sent alone to find the one that ends the process. */
const ATTEMPTS_TOGETHER = 2;
/** So many requests in a row that each end a process alone: then it is the machine, not the requests. */
const MOST_POISONED_IN_A_ROW = 3;

type Waiting = Map<number, RolloutRequest>;

/**
 * vLLM in a bridge worker. The engine comes up with the first call that needs it and again after its process died, with the
 * weights last put in. Requests that a dead process left unfinished are sent again, all of them, then one by one; one that
 * ends its process alone becomes a failure `poisoned` and the others go on.
 */
export async function createVllmEngine(options: VllmEngineOptions): Promise<RolloutEngine> {
  const { worker } = options;
  const silenceMs = options.silenceMs ?? SILENCE_MS;
  let weights = options.model;
  let loaded: { readonly info: EngineInfo; readonly start: number } | undefined;

  /** `wanted`: the weights that an engine which has to come up is given. */
  async function load(signal?: AbortSignal, wanted = weights): Promise<EngineInfo> {
    if (loaded?.start === worker.starts) return loaded.info;
    const callOptions = signal === undefined ? {} : { signal };
    let info = await worker.call('rollout.load', loadParams(options), callOptions);
    // Tokenizer and processor stay those of the model that the recipe names; only weights are exchanged.
    if (wanted !== options.model) info = await worker.call('rollout.swap', { model: wanted }, callOptions);
    loaded = { info: toInfo(info), start: worker.starts };
    options.onUp?.(loaded.info);
    options.onLog?.(
      `vLLM ${info.version} on ${info.device}: up in ${info.load_seconds} s, weights ${info.weights.slice(0, 12)}`,
    );
    return loaded.info;
  }

  /** Runs a call on a loaded engine; a process that came back without one is loaded once more. */
  async function withEngine<T>(call: () => Promise<T>, signal?: AbortSignal, wanted?: string): Promise<T> {
    await load(signal, wanted);
    try {
      return await call();
    } catch (error) {
      if (!isNotLoaded(error)) throw error;
      loaded = undefined;
      await load(signal, wanted);
      return await call();
    }
  }

  /** The same on another process when the first was lost: what the engine takes or says does not depend on which it is. */
  async function surviving<T>(call: () => Promise<T>, wanted?: string): Promise<T> {
    try {
      return await withEngine(call, undefined, wanted);
    } catch (error) {
      if (!isLoss(error)) throw error;
      options.onLog?.(`the engine's process was lost (${error.code}) and is replaced`);
      return withEngine(call, undefined, wanted);
    }
  }

  /** One call; what it delivers leaves `waiting`. */
  async function send(
    requests: ReadonlyMap<number, RolloutRequest>,
    waiting: Waiting,
    options: GenerateOptions,
  ): Promise<void> {
    const following = options.following?.() ?? [];
    const params = {
      requests: [...requests].map(([id, request]) => toWireRequest(request, id)),
      ...(following.length > 0 ? { following: [...following] } : {}),
    };
    const deliver = (name: string, payload: unknown): void => {
      if (name !== 'rollout' && name !== 'failed') return;
      // The bridge has checked the payload against the protocol.
      const event = payload as RolloutEvent | FailedEvent;
      const request = waiting.get(event.id);
      // In a repeated call those that the first one delivered run along, so that the batch is the same.
      if (request === undefined) return;
      waiting.delete(event.id);
      options.onResult('code' in event ? toFailure(event, request) : toRollout(event, request));
    };
    const { signal } = options;
    await withEngine(
      () =>
        worker.call('rollout.generate', params, {
          onEvent: deliver,
          silenceMs,
          ...(signal === undefined ? {} : { signal }),
        }),
      signal,
    );
  }

  async function sendAlone(waiting: Waiting, options: GenerateOptions, cause: WorkerError): Promise<void> {
    let inARow = 0;
    for (const [id, request] of [...waiting]) {
      try {
        await send(new Map([[id, request]]), waiting, options);
        inARow = 0;
      } catch (error) {
        if (!isLoss(error)) throw error;
        inARow += 1;
        if (inARow === MOST_POISONED_IN_A_ROW) throw cause;
        waiting.delete(id);
        const { promptId, index } = request;
        options.onResult({
          promptId,
          index,
          code: 'poisoned',
          message: `ended the engine's process: ${error.message}`,
        });
      }
    }
  }

  return {
    info: () => load(),
    async generate(requests, generateOptions) {
      const all = new Map(requests.entries());
      const waiting: Waiting = new Map(all);
      for (let attempt = 1; waiting.size > 0; attempt += 1) {
        try {
          return await send(all, waiting, generateOptions);
        } catch (error) {
          if (!isLoss(error)) throw error;
          options.onLog?.(
            `the engine's process was lost (${error.code}) with ${waiting.size} of ${all.size} requests unfinished`,
          );
          generateOptions.onRetry?.(waiting.size);
          if (attempt === ATTEMPTS_TOGETHER) return await sendAlone(waiting, generateOptions, error);
        }
      }
    },
    async inspect(samples: readonly InspectSample[]): Promise<InspectItem[]> {
      const params = { samples: samples.map(toWireSample) };
      const { items } = await surviving(() => worker.call('rollout.inspect', params, { silenceMs }));
      return items.map(toInspectItem);
    },
    async loadWeights(folder) {
      // An engine that comes up for this is not given its last weights: a training has taken them off the disk by then.
      const swap = () => worker.call('rollout.swap', { model: folder });
      const swapped = await surviving(swap, options.model).catch((error: unknown) => {
        // Python gives the engine up after a swap that went wrong half-way; the next call brings it up with the old weights.
        if (error instanceof WorkerError) loaded = undefined;
        throw error;
      });
      weights = folder;
      loaded = { info: toInfo(swapped), start: worker.starts };
      return loaded.info;
    },
    async sleep() {
      // A process that is gone, or has not come up, holds no memory.
      if (loaded?.start !== worker.starts) return;
      await worker.call('rollout.sleep', {}).catch((error: unknown) => {
        if (!isNotLoaded(error) && !isLoss(error)) throw error;
      });
    },
    close: () => worker.stop(),
  };
}

function loadParams({
  model,
  revision,
  trustRemoteCode,
  engineArgs,
  videoBudget,
  seed,
  sleep,
}: VllmEngineOptions): Params<'rollout.load'> {
  return {
    model,
    ...(revision === undefined ? {} : { revision }),
    trust_remote_code: trustRemoteCode,
    engine_args: { ...engineArgs },
    video_budget: videoBudget,
    seed,
    ...(sleep ? { sleep } : {}),
  };
}

function isLoss(error: unknown): error is WorkerError {
  return error instanceof WorkerError && (error.code === 'died' || error.code === 'hung');
}

function isNotLoaded(error: unknown): boolean {
  return error instanceof WorkerError && error.pythonType === 'NotLoaded';
}
