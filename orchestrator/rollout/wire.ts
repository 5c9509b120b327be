import type { methods, Params, Result } from '../bridge/index.js';
import type { ExitRecord, Rollout } from '../records/index.js';
import type { EngineInfo, InspectItem, InspectSample, RolloutFailure, RolloutRequest } from './engine.js';
import { rolloutKey } from './key.js';

/** Between the engine's own types and the snake_case of the wire (bridge/protocol.ts). */
type Events = (typeof methods)['rollout.generate']['events'];
export type RolloutEvent = Events['rollout']['_zod']['output'];
export type FailedEvent = Events['failed']['_zod']['output'];
type WireRequest = Params<'rollout.generate'>['requests'][number];
type WireSample = Params<'rollout.inspect'>['samples'][number];

export function toWireRequest(request: RolloutRequest, id: number): WireRequest {
  const { temperature, topP, topK, maxTokens, stop } = request.sampling;
  return {
    id,
    ...toWireContent(request),
    seed: request.seed,
    temperature,
    top_p: topP,
    top_k: topK,
    max_tokens: maxTokens,
    stop: [...stop],
    ...(request.exit === undefined ? {} : { exit_threshold: request.exit.threshold }),
    ...(request.thinkBudget === undefined ? {} : { think_budget: request.thinkBudget }),
    ...(request.begin === undefined ? {} : { begin: request.begin }),
  };
}

export function toWireSample(sample: InspectSample): WireSample {
  return { ...toWireContent(sample), token_ids: [...sample.tokenIds] };
}

function toWireContent({
  messages,
  media,
}: Pick<RolloutRequest, 'messages' | 'media'>): Pick<WireRequest, 'messages' | 'media'> {
  return { messages: messages.map(({ role, content }) => ({ role, content: [...content] })), media: [...media] };
}

export function toRollout(event: RolloutEvent, request: RolloutRequest): Rollout {
  return {
    key: rolloutKey(event.key, request.index),
    promptId: request.promptId,
    index: request.index,
    seed: request.seed,
    text: event.text,
    tokenIds: event.token_ids,
    logprobs: event.logprobs,
    tokenEnds: event.token_ends,
    finishReason: event.finish_reason,
    promptTokens: event.prompt_tokens,
    cachedTokens: event.cached_tokens,
    ...(event.forced === undefined ? {} : { forced: event.forced }),
    ...(event.exit === undefined ? {} : { exit: toExit(event.exit) }),
  };
}

/** Inside vLLM an exit costs the end token and nothing else. */
function toExit({ exited, confidence }: NonNullable<RolloutEvent['exit']>): ExitRecord {
  return { mode: 'engine', exited, confidence, wastedTokens: exited ? 1 : 0 };
}

export function toFailure(event: FailedEvent, { promptId, index }: RolloutRequest): RolloutFailure {
  const code = event.code === 'media' || event.code === 'too-long' ? event.code : 'engine';
  return { promptId, index, code, message: event.message };
}

export function toInfo(result: Result<'rollout.load'>): EngineInfo {
  const { engine, version, weights, libraries, device } = result;
  return {
    engine,
    version,
    weights,
    libraries,
    device,
    importSeconds: result.import_seconds,
    loadSeconds: result.load_seconds,
  };
}

export function toInspectItem(item: Result<'rollout.inspect'>['items'][number]): InspectItem {
  const { prompt_token_ids: promptTokenIds, visual_grid: visualGrid, media, logprobs, stale } = item;
  return { promptTokenIds, visualGrid, media, logprobs, stale };
}
