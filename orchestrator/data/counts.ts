import type { ProblemType, Prompt } from '../records/index.js';
import { nameOf } from './name.js';
import { SeenIds } from './seen-ids.js';
import { isRejected, type ReadRow, type Rejected, type SourceSpec } from './source.js';

/** How many rows of one spec are what. */
export interface SourceCounts {
  readonly name: string;
  readonly path: string;
  readonly prompts: number;
  readonly rejected: number;
  readonly byType: Readonly<Partial<Record<ProblemType, number>>>;
  readonly byModality: Readonly<Partial<Record<Prompt['modality'], number>>>;
  /** Different media files. */
  readonly media: number;
}

/** Counts rows while they stream by; the rows themselves are not kept. */
export class Counter {
  #prompts = 0;
  #rejected = 0;
  readonly #byType: Partial<Record<ProblemType, number>> = {};
  readonly #byModality: Partial<Record<Prompt['modality'], number>> = {};
  readonly #media = new SeenIds();

  constructor(readonly spec: Pick<SourceSpec, 'name' | 'path'>) {}

  add(item: ReadRow | Rejected): void {
    if (isRejected(item)) {
      this.#rejected += 1;
      return;
    }
    const { problemType, modality, media } = item.prompt;
    this.#prompts += 1;
    this.#byType[problemType] = (this.#byType[problemType] ?? 0) + 1;
    this.#byModality[modality] = (this.#byModality[modality] ?? 0) + 1;
    for (const { sha256 } of media) this.#media.add(sha256, item.line);
  }

  counts(): SourceCounts {
    return {
      name: nameOf(this.spec),
      path: this.spec.path,
      prompts: this.#prompts,
      rejected: this.#rejected,
      byType: this.#byType,
      byModality: this.#byModality,
      media: this.#media.size,
    };
  }
}
