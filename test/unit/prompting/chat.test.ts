import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { messagesFor, SYSTEM_PROMPTS, systemPrompt, templateHash } from '../../../orchestrator/prompting/index.js';
import { FALLBACK_SENTENCE, isFallback, type Prompt } from '../../../orchestrator/records/index.js';

const base: Prompt = {
  id: 's/1',
  source: 's',
  modality: 'text',
  media: [],
  question: 'What is 1 + 1?',
  answer: '2',
  problemType: 'math',
  meta: {},
};
const video = { kind: 'video', path: '/v.mp4', sha256: '0' } as const;

function userText(prompt: Prompt): string {
  const part = messagesFor(prompt, { mode: 'direct' }).messages[1]?.content.at(-1);
  return part?.type === 'text' ? part.text : '';
}

describe('the answer-twice system prompt', () => {
  const text = SYSTEM_PROMPTS['answer-twice'];

  it('says, in this order: assistant, first answer, fallback, thinking, last answer, layout', () => {
    const order = [
      'helpful assistant',
      'FIRST',
      FALLBACK_SENTENCE,
      'THEN',
      '<think>',
      'AT LAST',
      '\\boxed{...}<think>...</think>\\boxed{...}',
    ];
    const places = order.map((words) => text.indexOf(words));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('boxes the fallback exactly as the parser knows it, with a straight apostrophe', () => {
    const boxed = /\\boxed\{(Let[^}]*)\}/.exec(text)?.[1] ?? '';
    expect(isFallback(boxed)).toBe(true);
    expect(text).not.toContain('’');
  });

  it('asks to repeat a right answer and to correct a wrong one', () => {
    expect(text).toMatch(/repeat .* if it proved right, correct it if it did not/);
  });
});

describe('the user turn', () => {
  it('has the media first, the question, lettered options, and how to answer last', () => {
    const prompt: Prompt = {
      ...base,
      modality: 'video',
      media: [video],
      question: 'Which?',
      options: ['red', 'blue'],
      problemType: 'exact_match',
    };
    expect(messagesFor(prompt, { mode: 'cot' }).messages[1]).toEqual({
      role: 'user',
      content: [
        { type: 'video' },
        { type: 'text', text: 'Which?\nA. red\nB. blue\nPut your final answer in \\boxed{}.' },
      ],
    });
  });

  it('has the suffix of its problem type, letter by letter what the tiny model was trained with', () => {
    expect(userText(base)).toBe('What is 1 + 1?\nPut your final answer in \\boxed{}.');
    expect(userText({ ...base, problemType: 'iou' })).toBe(
      'What is 1 + 1?\nGive the start and end in seconds, one decimal each, as \\boxed{[start, end]}.',
    );
    expect(userText({ ...base, problemType: 'gqa', options: ['a', 'b'] })).toBe(
      'What is 1 + 1?\nA. a\nB. b\nGive the letter and the time span in seconds as \\boxed{letter <> [start, end]}.',
    );
  });

  it('never shows the gold answer', () => {
    const prompt: Prompt = { ...base, answer: 'GOLD', spans: [[123.4, 567.8]], meta: { solution: 'GOLD' } };
    expect(JSON.stringify(messagesFor(prompt, { mode: 'answer-twice' }))).not.toMatch(/GOLD|123\.4/);
  });
});

describe('the system turn and its hash', () => {
  it('is replaced by the text of a file, for the tiny model', () => {
    const system = readFileSync(new URL('../../../recipes/tiny/system.txt', import.meta.url), 'utf8').trim();
    const { messages } = messagesFor(base, { mode: 'answer-twice', system });
    expect(messages[0]).toEqual({ role: 'system', content: [{ type: 'text', text: system }] });
  });

  it('changes with mode and text, and with nothing else', () => {
    const hashes = (['answer-twice', 'cot', 'direct', 'adapt-think'] as const).map((mode) => templateHash({ mode }));
    expect(new Set(hashes).size).toBe(4);
    const own = templateHash({ mode: 'cot', system: 'x' });
    expect(own).not.toBe(hashes[1]);
    expect(templateHash({ mode: 'direct', system: systemPrompt({ mode: 'direct' }) })).toBe(hashes[2]);
    expect(messagesFor(base, { mode: 'cot', system: 'x' }).templateHash).toBe(own);
  });
});
