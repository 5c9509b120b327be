import type { ExitRecord, FinishReason, Prompt, Reward, RewardWeights, Trace, Verdicts } from '../../records/index.js';
import type { TraceRow } from './traces.js';

/** GET /api/traces/:id?… with the filters of the table that it was opened from. */
export interface TraceDetail {
  readonly row: TraceRow;
  readonly run: string;
  readonly prompt: (Omit<Prompt, 'media'> & { readonly media: readonly MediaView[] }) | null;
  readonly text: string;
  /** End of each token in `text`, in UTF-16 code units. */
  readonly tokenEnds: readonly number[];
  /** Natural-log probability of each token; empty where the engine gave none. */
  readonly logprobs: readonly number[];
  readonly trace: Trace;
  readonly verdicts: Verdicts;
  readonly reward: Reward | null;
  /** Of the recipe: total = w1·first + w2·second + λ·format + α where the fallback is paid. */
  readonly weights: RewardWeights;
  readonly gate: {
    readonly threshold: number;
    readonly exits: boolean;
    /** How the engine or the client decided; null where the whole trace was generated. */
    readonly record: ExitRecord | null;
  };
  /** Spans in seconds read from the answers, of grounding questions. */
  readonly spans: { readonly gold: readonly Span[]; readonly first: readonly Span[]; readonly second: readonly Span[] };
  /** Temporal IoU of each answer with the gold spans; null where there is none. */
  readonly iou: { readonly first: number | null; readonly second: number | null };
  /** The rollouts of the same prompt in the same pass (and step), in order of their index, itself among them. */
  readonly group: readonly GroupMember[];
  readonly finishReason: FinishReason;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly forced: number;
  readonly seed: number;
  readonly key: string;
  /** From 0, in the order of the filters given; null when it does not fit them. */
  readonly place: { readonly at: number; readonly total: number } | null;
  readonly previous: number | null;
  readonly next: number | null;
}

export type Span = readonly [number, number];

export interface MediaView {
  readonly kind: 'image' | 'video';
  readonly sha256: string;
  readonly start: number | null;
  readonly end: number | null;
  /** The file itself: /media/TRACE/SHA256 */
  readonly url: string;
}

export interface GroupMember {
  readonly id: number;
  readonly index: number;
  readonly correct: boolean | null;
  readonly first: boolean | null;
  readonly reward: number | null;
  /** As TRL computes it over this group; null without a reward. */
  readonly advantage: number | null;
  readonly tokens: number;
}

/** GET /api/traces/:id/frames: pictures of the frames that the model saw. */
export interface FramesAnswer {
  readonly frames: readonly { readonly seconds: number; readonly url: string }[];
  /** Seconds of the file that they are spread over; null for images. */
  readonly range: Span | null;
  /** Why there are none. */
  readonly reason: string | null;
}
