import type { ViewedLine, Viewer } from '../../store/index.js';
import type { FlipKind, FlipSide, FlipsAnswer, PolicyName } from '../api/index.js';
import { type Pair, pairsOf, type Side } from './compare.js';
import { type Evaluated, taken } from './evaluated.js';

interface FlipOptions {
  readonly policy: PolicyName;
  readonly benchmark?: string | undefined;
  readonly kind?: FlipKind | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** GET /api/compare/flips: what changed first, unless one kind is asked for. */
export function flipsOf(viewer: Viewer, before: Side, after: Side, options: FlipOptions): FlipsAnswer {
  const { policy, benchmark, kind, offset, limit } = options;
  const pairs = pairsOf(before, after, policy)
    .filter((pair) => benchmark === undefined || pair.before.benchmark === benchmark)
    .filter((pair) => kind === undefined || pair.kind === kind)
    .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  const page = pairs.slice(offset, offset + limit);
  const rollouts = new Map(
    viewer.lines(page.flatMap((pair) => [pair.before.id, pair.after.id])).map((rollout) => [rollout.id, rollout]),
  );
  const sideOf = (item: Evaluated, threshold: number) => flipSide(item, rollouts.get(item.id), policy, threshold);
  return {
    total: pairs.length,
    rows: page.map((pair: Pair) => ({
      ...{ promptId: pair.before.promptId, benchmark: pair.before.benchmark, kind: pair.kind },
      question: pair.before.question.question.slice(0, SHOWN),
      before: sideOf(pair.before, before.threshold),
      after: sideOf(pair.after, after.threshold),
    })),
  };
}

const ORDER: readonly FlipKind[] = ['broken', 'fixed', 'same-wrong', 'same-right'];
const SHOWN = 300;

function flipSide(item: Evaluated, rollout: ViewedLine | undefined, policy: PolicyName, threshold: number): FlipSide {
  const { exits, right, tokens } = taken(item, policy, threshold);
  const box = exits ? rollout?.trace.first : rollout?.trace.second;
  const verdict = exits ? rollout?.verdicts.first : rollout?.verdicts.second;
  return {
    ...{ id: item.id, exits, tokens, confidence: item.confidence },
    answer: box?.text.slice(0, SHOWN) ?? null,
    correct: verdict === undefined || verdict === null ? right : verdict.correct,
  };
}
