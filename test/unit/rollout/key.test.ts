import { expect, test } from 'vitest';
import { type RolloutRequest, requestKey, rolloutKey } from '../../../orchestrator/rollout/index.js';

const info = { weights: 'w', libraries: { torch: '2' }, settings: { fps: 2 } };
const request: RolloutRequest = {
  promptId: 'p',
  index: 0,
  seed: 3,
  messages: [{ role: 'user', content: [{ type: 'video' }, { type: 'text', text: 'What?' }] }],
  media: [{ kind: 'video', path: '/a.mp4', sha256: 's' }],
  sampling: { temperature: 1, topP: 1, topK: 0, maxTokens: 8, stop: [] },
};
const changed = (change: Partial<RolloutRequest>) => requestKey({ ...request, ...change }, info);

test('a request is named by content, not by place on disk or order of fields', () => {
  const key = requestKey(request, info);
  expect(changed({ media: [{ sha256: 's', path: '/elsewhere.mp4', kind: 'video' }] })).toBe(key);
  const { promptId, ...rest } = request;
  expect(requestKey({ ...rest, promptId }, info)).toBe(key);
  expect(changed({ promptId: 'renamed' })).toBe(key);
});

test('names stay what they were: stored rollouts are found by them', () => {
  expect(requestKey(request, info)).toBe('b605fcccdfc58ad85741c8a0764df13a');
  const media = [{ kind: 'video' as const, path: '/x.mp4', sha256: 'y', start: 1, end: 2 }];
  expect(changed({ exit: { threshold: 0.5 }, thinkBudget: undefined, media })).toBe('b185c042cda7be957a069e2a4d71e8de');
});

test('whatever decides the completion changes the name', () => {
  const names = [
    requestKey(request, info),
    requestKey(request, { ...info, weights: 'other' }),
    requestKey(request, { ...info, libraries: { torch: '3' } }),
    requestKey(request, { ...info, settings: { fps: 1 } }),
    changed({ index: 1 }),
    changed({ seed: 4 }),
    changed({ sampling: { ...request.sampling, temperature: 0.5 } }),
    changed({ media: [{ kind: 'video', path: '/a.mp4', sha256: 's', start: 1 }] }),
    changed({ messages: [] }),
    changed({ begin: { text: '<think>', probability: 1 } }),
    changed({ begin: { text: '<think>', probability: 0.5 } }),
    changed({ begin: { text: '\\boxed', probability: 0.5 } }),
    rolloutKey('content', 0),
    rolloutKey('content', 1),
  ];
  expect(new Set(names).size).toBe(names.length);
});
