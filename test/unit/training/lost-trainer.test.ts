import { expect, test } from 'vitest';
import { WorkerError, type WorkerFailure } from '../../../orchestrator/bridge/index.js';
import type { StageContext } from '../../../orchestrator/pipeline/stage.js';
import { twiceIfLost } from '../../../orchestrator/training/lost-trainer.js';

/** A training whose attempts fail as given and then succeed; resolves with what was done, in order. */
async function trained(...failures: readonly WorkerFailure[]) {
  const done: string[] = [];
  const context = { warn: (kind: string) => void done.push(kind) } as unknown as StageContext;
  const left = [...failures];
  const attempt = async () => {
    done.push('attempt');
    const code = left.shift();
    if (code !== undefined)
      throw new WorkerError({ code, message: `it ${code}`, worker: 'trainer', method: 'train.run' });
  };
  const settle = async () => {
    done.push('settle');
    throw new Error('the engine was lost too');
  };
  const error = await twiceIfLost(context, attempt, settle).catch((reason: unknown) => reason);
  return { done, error };
}

test.each(['died', 'hung'] as const)(
  'a training that %s goes on once, after what it had asked for has settled',
  async (code) => {
    expect(await trained(code)).toEqual({ done: ['attempt', 'trainer-lost', 'settle', 'attempt'], error: undefined });
  },
);

test('one that is lost again ends the run, with what to do', async () => {
  const { done, error } = await trained('died', 'died');
  expect(done.filter((name) => name === 'attempt')).toHaveLength(2);
  expect(error).toMatchObject({
    name: 'UserError',
    code: 'trainer-lost',
    kind: 'environment',
    message: 'the training process was lost twice: it died',
    fix: expect.stringContaining('goes on after the last checkpoint'),
  });
});

test('what its Python raised is not tried again', async () => {
  expect(await trained('raised')).toMatchObject({ done: ['attempt'], error: { code: 'raised' } });
});
