import { LRUCache } from 'lru-cache';
import { exitsAt } from '../../answer/index.js';
import { benchmarkOf } from '../../records/index.js';
import type { ViewedQuestion, Viewer } from '../../store/index.js';
import type { SweepRow } from '../../sweep/index.js';
import type { PolicyName } from '../api/index.js';
import type { KnownRun } from './run-rows.js';

/** A benchmark question answered both ways in one greedy rollout. */
export interface Evaluated {
  /** Of the rollout. */
  readonly id: number;
  readonly promptId: string;
  readonly benchmark: string;
  readonly question: ViewedQuestion;
  /** The same for the same question in another run: its name, text, options and gold answer. */
  readonly identity: string;
  readonly confidence: number | null;
  readonly first: boolean;
  readonly second: boolean;
  readonly firstTokens: number;
  readonly tokens: number;
}

const KEPT = 8;

/** The greedy rollouts of a run's last evaluation that is done. */
export class Evaluations {
  readonly #kept = new LRUCache<number, readonly Evaluated[]>({ max: KEPT });

  constructor(readonly viewer: Viewer) {}

  /** Undefined when there is no evaluation after training (before, with `orBefore`). */
  of({ run, stages }: KnownRun, orBefore = false): readonly Evaluated[] | undefined {
    const done = (name: string) => stages.find((stage) => stage.name === name && stage.status === 'done');
    const stage = done('evaluate') ?? (orBefore ? done('evaluate-before') : undefined);
    if (stage === undefined) return undefined;
    const kept = this.#kept.get(stage.id) ?? this.#read(run.id, stage.id);
    this.#kept.set(stage.id, kept);
    return kept;
  }

  #read(runId: number, stageId: number): Evaluated[] {
    const questions = this.viewer.questions(runId);
    const names = new Map(this.viewer.promptNames(runId).map((name) => [name[0], name]));
    return this.viewer.answers(stageId, 'greedy').flatMap((row) => {
      const [id, prompt, confidence, first, firstTokens, second, tokens] = row;
      const [name, question] = [names.get(prompt), questions.get(prompt)];
      if (name === undefined || question === undefined) return [];
      const [benchmark, promptId] = [benchmarkOf(name[1]), name[2]];
      return {
        id,
        promptId,
        benchmark,
        question,
        identity: identityOf({ benchmark, promptId, question }),
        confidence,
        first: first === 1,
        second: second === 1,
        firstTokens,
        tokens,
      };
    });
  }
}

type Asked = Pick<Evaluated, 'benchmark' | 'promptId' | 'question'>;

export function identityOf({ benchmark, promptId, question }: Asked): string {
  return JSON.stringify([benchmark, promptId, question.question, question.gold]);
}

/** What a policy makes of it. */
export function taken(item: Evaluated, policy: PolicyName, threshold: number) {
  const exits = policy === 'never' || (policy === 'auto' && exitsAt(item.confidence, threshold));
  return exits
    ? { exits, right: item.first, tokens: item.firstTokens }
    : { exits, right: item.second, tokens: item.tokens };
}

/** Questions about one video are one cluster. */
export function clusterOf({ question, promptId }: Evaluated): string {
  return question.media ?? promptId;
}

/** As `vauto sweep` takes it. */
export function sweepRow(item: Evaluated): SweepRow {
  return {
    ...{ id: item.promptId, benchmark: item.benchmark, cluster: clusterOf(item), confidence: item.confidence },
    first: { value: Number(item.first), tokens: item.firstTokens },
    second: { value: Number(item.second), tokens: item.tokens },
  };
}
