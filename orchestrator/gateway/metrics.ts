import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Limits } from './limits.js';
import type { Decided } from './reply.js';
import type { Pool } from './upstream.js';

/** What `/metrics` tells, in the words of Prometheus. */
export interface Metrics {
  /** A request was answered, refused or given up by its client (`gone`). */
  ended(outcome: string, policy: string): void;
  decided(decided: Decided): void;
  /** Seconds from the request's arrival to the server's first token, and to the first byte that the client can use. */
  firstToken(seconds: number): void;
  firstByte(seconds: number, policy: string): void;
  text(): Promise<string>;
  readonly contentType: string;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createMetrics(limits: Limits, pool: Pool): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: 'vauto_requests_total',
    help: 'Requests by how they ended and by policy.',
    labelNames: ['outcome', 'policy'],
    registers,
  });
  const answers = new Counter({
    name: 'vauto_answers_total',
    help: 'Answers by policy and by whether the model stopped at its first answer.',
    labelNames: ['policy', 'exited'],
    registers,
  });
  const tokens = new Counter({
    name: 'vauto_tokens_total',
    help: 'Tokens of prompts and completions, and an estimate of those saved by early exit.',
    labelNames: ['kind'],
    registers,
  });
  const first = new Histogram({
    name: 'vauto_upstream_first_token_seconds',
    help: "Seconds to the server's first token.",
    buckets: SECONDS,
    registers,
  });
  const byte = new Histogram({
    name: 'vauto_first_byte_seconds',
    help: 'Seconds to the first part of an answer that is passed on; with the policy auto nothing is before the decision.',
    labelNames: ['policy'],
    buckets: SECONDS,
    registers,
  });
  new Gauge({
    name: 'vauto_requests',
    help: 'Requests that run and that wait.',
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'running' }, limits.running);
      this.set({ state: 'waiting' }, limits.waiting);
    },
  });
  new Gauge({
    name: 'vauto_upstream_up',
    help: 'Whether a model server answers.',
    labelNames: ['url'],
    registers,
    collect() {
      for (const { url, up } of pool.states()) this.set({ url }, Number(up));
    },
  });
  new Gauge({
    name: 'vauto_upstream_running',
    help: 'Requests under way on a model server.',
    labelNames: ['url'],
    registers,
    collect() {
      for (const { url, running } of pool.states()) this.set({ url }, running);
    },
  });
  return {
    ended: (outcome, policy) => requests.inc({ outcome, policy }),
    decided: ({ policy, outcome, savedTokens }) => {
      answers.inc({ policy, exited: String(outcome.exited) });
      tokens.inc({ kind: 'prompt' }, outcome.promptTokens);
      tokens.inc({ kind: 'completion' }, outcome.completionTokens);
      tokens.inc({ kind: 'saved' }, savedTokens ?? 0);
    },
    firstToken: (seconds) => first.observe(seconds),
    firstByte: (seconds, policy) => byte.observe({ policy }, seconds),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
