import { describe, expect, test } from 'vitest';
import type { Rollout } from '../../orchestrator/records/index.js';
import {
  isFailure,
  type RolloutEngine,
  type RolloutFailure,
  type RolloutRequest,
} from '../../orchestrator/rollout/engine.js';

/** What the suite needs to know of an engine; a reason in `skip` leaves a test out and says why. */
export interface EngineCase {
  readonly name: string;
  /** The engine; the suite neither starts nor closes it. */
  engine(): RolloutEngine;
  /** At least four requests that the engine can take, none like another. */
  requests(): readonly RolloutRequest[];
  readonly skip?: { readonly inspect?: string };
}

/** Generates and sorts the results; fails when a result came twice. */
export async function collectAll(engine: RolloutEngine, requests: readonly RolloutRequest[], signal?: AbortSignal) {
  const rollouts = new Map<string, Rollout>();
  const failures: RolloutFailure[] = [];
  await engine.generate(requests, {
    onResult: (result) => {
      if (isFailure(result)) failures.push(result);
      else {
        const name = `${result.promptId}/${result.index}`;
        expect(rollouts.has(name), `${name} came twice`).toBe(false);
        rollouts.set(name, result);
      }
    },
    ...(signal === undefined ? {} : { signal }),
  });
  return { rollouts, failures };
}

/** One suite for every RolloutEngine. */
export function engineContract(given: EngineCase): void {
  describe(`engine ${given.name}`, () => {
    test('says what it is', async () => {
      const info = await given.engine().info();
      expect(info.engine).not.toBe('');
      expect(info.weights).not.toBe('');
      expect(await given.engine().info()).toEqual(info);
    });

    test('gives each request one completion, with its identity and aligned lists', async () => {
      const requests = given.requests();
      const { rollouts, failures } = await collectAll(given.engine(), requests);
      expect(failures).toEqual([]);
      expect(rollouts.size).toBe(requests.length);
      for (const { promptId, index, seed, sampling } of requests) {
        const rollout = rollouts.get(`${promptId}/${index}`);
        expect(rollout).toMatchObject({ promptId, index, seed });
        if (!rollout) continue;
        const { tokenIds, logprobs, tokenEnds, text } = rollout;
        expect([logprobs.length, tokenEnds.length]).toEqual([tokenIds.length, tokenIds.length]);
        expect(tokenIds.length).toBeLessThanOrEqual(sampling.maxTokens);
        expect(tokenEnds).toEqual([...tokenEnds].sort((a, b) => a - b));
        expect(tokenEnds.at(-1)).toBe(text.length);
      }
    });

    test('gives the same for the same, with keys that tell completions apart', async () => {
      const [first, second] = [
        await collectAll(given.engine(), given.requests()),
        await collectAll(given.engine(), given.requests()),
      ];
      expect(second.rollouts).toEqual(first.rollouts);
      expect(new Set([...first.rollouts.values()].map((rollout) => rollout.key)).size).toBe(first.rollouts.size);
    });

    test('takes no requests at all', async () => {
      expect((await collectAll(given.engine(), [])).rollouts.size).toBe(0);
    });

    test('stops when told to, and goes on afterwards', async () => {
      const requests = given.requests();
      const reason = new Error('enough');
      await expect(collectAll(given.engine(), requests, AbortSignal.abort(reason))).rejects.toThrow('enough');
      expect((await collectAll(given.engine(), requests)).rollouts.size).toBe(requests.length);
    });

    test.skipIf(given.skip?.inspect)('scores the tokens it generated as it did then', async () => {
      const requests = given.requests().slice(0, 2);
      const { rollouts } = await collectAll(given.engine(), requests);
      const samples = requests.map(({ messages, media, promptId, index }) => {
        return { messages, media, tokenIds: rollouts.get(`${promptId}/${index}`)?.tokenIds ?? [] };
      });
      const items = await given.engine().inspect(samples);
      for (const [place, item] of items.entries()) {
        const request = requests[place];
        const rollout = rollouts.get(`${request?.promptId}/${request?.index}`);
        expect(item.promptTokenIds.length).toBe(rollout?.promptTokens);
        expect(item.visualGrid.length).toBe(request?.media.length);
        for (const [i, value] of item.logprobs.entries())
          expect(value).toBeCloseTo(rollout?.logprobs[i] ?? Number.NaN, 3);
      }
    });
  });
}
