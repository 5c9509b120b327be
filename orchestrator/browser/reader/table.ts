import type { VerdictState } from '../../records/index.js';
import type { Facts, PromptName, ViewedStage, Viewer } from '../../store/index.js';
import { OUTCOMES } from '../api-types.js';
import { codes, counts, Names, NO_CODE, reals } from './columns.js';

/** Rows read at a time. */
const PAGE = 20_000;
/** A row that stands for: not in training. */
const NO_STEP = 0xffffffff;

const [RIGHT, WRONG, NONE, UNKNOWN] = OUTCOMES.map((_, code) => code) as [number, number, number, number];

/**
 * The rollouts of one run as columns, in the order of their commit: a filter or a sort over a million of them is a walk
 * through memory, and a page anywhere in the result costs the same.
 */
export class RunTable {
  readonly id = reals();
  readonly stage = codes();
  readonly pass = codes();
  /** Place of the prompt in `prompts`. */
  readonly prompt = counts();
  readonly index = counts();
  /** 2^32 − 1 outside training. */
  readonly step = counts();
  readonly tokens = counts();
  /** 1 where the engine or the client stopped at the first answer. */
  readonly stopped = codes();
  /** NaN where there is none. */
  readonly confidence = reals();
  readonly reward = reals();
  /** Places in OUTCOMES. */
  readonly first = codes();
  readonly second = codes();
  readonly firstState = codes();
  readonly secondState = codes();

  readonly stages = new Names();
  readonly passes = new Names();
  readonly states = new Names();
  readonly prompts: PromptName[] = [];
  readonly #places = new Map<number, number>();
  readonly #read = new Map<number, number>();
  /** Rows by id, where ids do not rise with them. */
  #byId: Uint32Array | undefined;
  #rising = true;

  constructor(
    readonly viewer: Viewer,
    readonly runId: number,
  ) {}

  get length(): number {
    return this.id.length;
  }

  /** Reads what was committed since; false when rows are gone, so that the table has to be made anew. */
  update(stages: readonly ViewedStage[]): boolean {
    const now = new Set(stages.map(({ id }) => id));
    for (const stage of this.#read.keys()) if (!now.has(stage)) return false;
    for (const { id, name } of stages) this.#readStage(id, this.stages.codeOf(name));
    return true;
  }

  /** The row of a rollout; undefined when it is not in the table. */
  rowOf(id: number): number | undefined {
    if (!this.#rising) this.#byId ??= this.#sortedById();
    const order = this.#byId;
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.id.values[order?.[middle] ?? middle] ?? 0) >= id) high = middle;
      else low = middle + 1;
    }
    const row = order?.[low] ?? low;
    return low < this.length && this.id.values[row] === id ? row : undefined;
  }

  stepOf(row: number): number | null {
    const step = this.step.values[row] ?? NO_STEP;
    return step === NO_STEP ? null : step;
  }

  promptOf(row: number): PromptName | undefined {
    return this.prompts[this.prompt.values[row] ?? -1];
  }

  #readStage(stage: number, code: number): void {
    for (;;) {
      const after = this.#read.get(stage) ?? 0;
      const page = this.viewer.facts(stage, after, PAGE);
      for (const facts of page) this.#add(facts, code);
      this.#read.set(stage, page.at(-1)?.[0] ?? after);
      if (page.length < PAGE) return;
    }
  }

  #add(facts: Facts, stage: number): void {
    const [id, prompt, pass, index, step, tokens, finish, correct, confidence] = facts;
    const [firstCorrect, firstState, secondCorrect, secondState, reward] = facts.slice(9) as [
      ...[number | null, VerdictState | null, number | null, VerdictState | null, number | null],
    ];
    if (this.length > 0 && id < (this.id.values[this.length - 1] ?? 0)) this.#rising = false;
    this.#byId = undefined;
    this.id.push(id);
    this.stage.push(stage);
    this.pass.push(this.passes.codeOf(pass));
    this.prompt.push(this.#placeOf(prompt));
    this.index.push(index);
    this.step.push(step ?? NO_STEP);
    this.tokens.push(tokens);
    this.stopped.push(Number(finish === 'exit'));
    this.confidence.push(confidence ?? Number.NaN);
    this.reward.push(reward ?? Number.NaN);
    this.first.push(outcomeOf(firstState, firstCorrect));
    // Of a completion with one answer, that one counts and stands in the second place.
    this.second.push(
      secondState === null ? (correct === null ? UNKNOWN : NONE) : outcomeOf(secondState, secondCorrect),
    );
    this.firstState.push(firstState === null ? NO_CODE : this.states.codeOf(firstState));
    this.secondState.push(secondState === null ? NO_CODE : this.states.codeOf(secondState));
  }

  #placeOf(prompt: number): number {
    if (!this.#places.has(prompt)) this.#readPrompts();
    return this.#places.get(prompt) ?? 0;
  }

  #readPrompts(): void {
    for (const name of this.viewer.promptNames(this.runId)) {
      if (this.#places.has(name[0])) continue;
      this.#places.set(name[0], this.prompts.push(name) - 1);
    }
  }

  #sortedById(): Uint32Array {
    const ids = this.id.values;
    return Uint32Array.from({ length: this.length }, (_, row) => row).sort((a, b) => (ids[a] ?? 0) - (ids[b] ?? 0));
  }
}

function outcomeOf(state: VerdictState | null, correct: number | null): number {
  if (state === null) return NONE;
  if (correct === null) return UNKNOWN;
  return correct === 1 ? RIGHT : WRONG;
}
