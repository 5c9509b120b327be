import { describe, expect, it } from 'vitest';
import { WorkerError, type WorkerFailure } from '../../../orchestrator/bridge/index.js';
import { retrying } from '../../../orchestrator/bridge/retry.js';

const failure = (code: WorkerFailure): WorkerError =>
  new WorkerError({ code, message: code, worker: 'w', method: 'm', logTail: ['last'] });

/** A call that fails in the given ways, one after another, and then succeeds. */
function failing(...codes: WorkerFailure[]) {
  let calls = 0;
  return async (): Promise<number> => {
    const code = codes[calls];
    calls += 1;
    if (code) throw failure(code);
    return calls;
  };
}

describe('retrying', () => {
  it.each(['died', 'hung'] as const)('calls again after %s', async (code) => {
    const prepared: string[] = [];
    const beforeRetry = async (error: WorkerError) => void prepared.push(error.code);
    expect(await retrying('w', 'm', { beforeRetry }, failing(code))).toBe(2);
    expect(prepared).toEqual([code]);
  });

  it.each(['raised', 'timeout', 'stopped'] as const)('does not after %s', async (code) => {
    await expect(retrying('w', 'm', {}, failing(code))).rejects.toMatchObject({ code });
  });

  it('sets a request aside that costs two processes, with its record', async () => {
    const error = await retrying('w', 'm', {}, failing('died', 'hung')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'poisoned', method: 'm', logTail: ['last'], cause: { code: 'hung' } });
  });

  it('counts as many as it is told', async () => {
    expect(await retrying('w', 'm', { deaths: 3 }, failing('died', 'died'))).toBe(3);
  });
});
