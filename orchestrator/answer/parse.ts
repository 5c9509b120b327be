import { type Box, isFallback, type Rollout, type Trace } from '../records/index.js';
import { type FoundBox, findBoxes } from './boxes.js';
import { answerByChain, type ParserChain } from './chain.js';
import { confidenceOf, tokensUpTo, tokensWithin } from './confidence.js';
import { type FormatRule, formatOf, referenceFormatOf } from './format.js';
import { type Layout, layoutOf, thoughtOf } from './layout.js';

/**
 * How the completion was asked for.
 * answer-twice: box, think block, box. cot: think block, then the one answer. direct: the one answer.
 * adapt-think: as cot or as direct, whichever the model chooses.
 */
export type Mode = 'answer-twice' | 'cot' | 'direct' | 'adapt-think';

/** A completion with what its engine knows of it; the lists are empty where the engine tells nothing of tokens. */
export type Completion = Pick<Rollout, 'text' | 'logprobs' | 'tokenEnds' | 'finishReason'> &
  Partial<Pick<Rollout, 'tokenIds'>>;

/** What may be read in more than one way. */
export interface Reading {
  /** What earns the format point; default strict. */
  readonly formatRule?: FormatRule;
  /** In the modes with one answer: where to look for the answer, in this order. Default: the box alone, by the rules below. */
  readonly parsers?: ParserChain;
  /** In the mode adapt-think: the chat template opens the think tag, and `</think>` at once answers without thinking. */
  readonly thinkOpened?: boolean;
}

/**
 * Reads a completion (paper, section 3.1; docs/grading.md). The answer that thinking leads to is always `second`: in
 * the modes with one answer it is stored there, and `first` is null.
 *
 * answer-twice: `first` is the one box before the first think tag, `second` the one box behind the last `</think>`.
 * None or several boxes in a place is no answer there. A completion without a think block has no second answer.
 * cot, adapt-think: the one box behind the last `</think>`; without any think tag the last box. direct: the last box. A
 * longer chain of `parsers` reads models that mark their answer otherwise. In adapt-think `think` is null exactly when the
 * reply did not think; a thought that was cut off is one. `formatRule` decides the format point and nothing else.
 */
export function parseCompletion(rollout: Completion, mode: Mode, reading: Reading = {}): Trace {
  const opened = mode === 'adapt-think' && reading.thinkOpened === true;
  const layout = layoutOf(rollout.text, opened);
  const first = mode === 'answer-twice' ? only(findBoxes(layout.text, 0, layout.headEnd)) : null;
  const second = secondBox(layout, mode, reading.parsers);
  const fallback = first !== null && isFallback(first.text);
  const firstBox = first && toBox(first, rollout.tokenEnds);
  const confident = firstBox !== null && !fallback && firstBox.text !== '';
  return {
    first: firstBox,
    second: second && toBox(second, rollout.tokenEnds),
    think: mode === 'adapt-think' ? thoughtOf(layout) : layout.think,
    format:
      reading.formatRule === 'reference'
        ? referenceFormatOf(opened ? `<think>${rollout.text}` : rollout.text, mode)
        : formatOf(layout, mode, first, second),
    fallback,
    truncated: rollout.finishReason === 'length',
    confidence: confident ? confidenceOf(firstBox, rollout.logprobs) : null,
    tokens: countTokens(rollout, layout, first),
  };
}

/** The box that decides whether a rollout is right, for the filter, pass rates and metrics: the one thinking led to. */
export function answerOf(trace: Trace, _mode: Mode): Box | null {
  // parseCompletion stores an only answer as `second` too.
  return trace.second;
}

/**
 * Puts back a beginning of the answer that was part of the prompt (a forced `\boxed{Answer:`), so that the completion
 * can be parsed whole. The first token then covers the prefix too.
 */
export function withPrefix<Kind extends Completion>(rollout: Kind, prefix: string): Kind {
  return {
    ...rollout,
    text: prefix + rollout.text,
    tokenEnds: rollout.tokenEnds.map((end) => end + prefix.length),
  };
}

function secondBox(layout: Layout, mode: Mode, parsers: ParserChain = ['box']): FoundBox | null {
  const { text, tailStart, hasTags } = layout;
  const boxAlone = parsers.length === 1 && parsers[0] === 'box';
  if (mode !== 'answer-twice' && !boxAlone) return answerByChain(layout, parsers);
  if (mode === 'direct' || (mode !== 'answer-twice' && !hasTags)) return findBoxes(text, tailStart ?? 0).at(-1) ?? null;
  // A lone box, or one before a think block that was cut off, is the first answer and never the second as well.
  return tailStart === null ? null : only(findBoxes(text, tailStart));
}

function only(boxes: readonly FoundBox[]): FoundBox | null {
  return boxes.length === 1 ? (boxes[0] ?? null) : null;
}

function toBox({ text, start, end }: FoundBox, ends: readonly number[]): Box {
  return { text, charStart: start, charEnd: end, ...tokensWithin(start, end, ends) };
}

function countTokens({ tokenEnds, tokenIds }: Completion, layout: Layout, first: FoundBox | null): Trace['tokens'] {
  const total = Math.max(tokenEnds.length, tokenIds?.length ?? 0);
  if (tokenEnds.length === 0) return { first: 0, think: 0, second: 0, total };
  const ofFirst = first ? tokensUpTo(first.outerEnd, tokenEnds) : 0;
  const thought =
    layout.tailStart === null ? (layout.hasTags ? total : ofFirst) : tokensUpTo(layout.tailStart, tokenEnds);
  const think = Math.max(0, thought - ofFirst);
  return { first: ofFirst, think, second: total - ofFirst - think, total };
}
