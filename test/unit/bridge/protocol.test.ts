import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { methods } from '../../../orchestrator/bridge/protocol.js';
import { protocolSchemaText } from '../../../orchestrator/bridge/schema-file.js';

describe('the protocol', () => {
  it('is the one that Python has (VAUTO_UPDATE=1 writes it)', () => {
    const file = new URL('../../../python/vauto_worker/protocol.schema.json', import.meta.url);
    if (process.env.VAUTO_UPDATE) writeFileSync(file, protocolSchemaText());
    // What it says counts, not how a formatter has laid it out.
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(protocolSchemaText()));
  });

  it('takes a unit of requests and refuses one that lacks a seed', () => {
    const request = {
      id: 0,
      messages: [{ role: 'user', content: [{ type: 'video' }, { type: 'text', text: 'What colour?' }] }],
      media: [{ kind: 'video', path: '/v.mp4', start: 1.5, sha256: 'ab' }],
      seed: 1,
      temperature: 1,
      top_p: 1,
      top_k: 0,
      max_tokens: 8,
      stop: [],
    };
    const { params } = methods['rollout.generate'];
    expect(params.parse({ requests: [request] })).toEqual({ requests: [request] });
    expect(params.safeParse({ requests: [{ ...request, seed: undefined }] }).success).toBe(false);
  });

  it('lets rewards be null and the metrics of a step be what TRL gives', () => {
    const { asks, events } = methods['train.run'];
    expect(asks.reward.answer.parse({ rewards: [1.3, null] })).toEqual({ rewards: [1.3, null] });
    expect(events.step.parse({ step: 3, kl: null, 'sampling/ratio': 1 })).toEqual({
      step: 3,
      kl: null,
      'sampling/ratio': 1,
    });
  });
});
