import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { modelCard } from '../../../orchestrator/training/model-card.js';
import { load, MINIMAL } from '../recipe/fixture.js';

async function cardOf(train: string, base: string, step = 60) {
  const { recipe } = await load(`${MINIMAL}train: ${train}\n`);
  const packages = { trl: '1.16.0', torch: '2.13.0', numpy: '2.0' };
  return modelCard({ recipe, base, step, prompts: 232, sources: ['clips'], system: 'Answer twice.\nThink.', packages });
}

describe('the model card', () => {
  it('says what the policy is, how it was trained and how it is asked', async () => {
    const card = await cardOf('{learningRate: 5e-5, lora: {rank: 8, alpha: 16}}', 'Qwen/Qwen2.5-VL-7B-Instruct');
    const header = parse(card.split('---')[1] ?? '');
    expect(header).toMatchObject({ base_model: 'Qwen/Qwen2.5-VL-7B-Instruct', library_name: 'transformers' });
    for (const text of [
      'on 232 questions (clips)',
      '| learning rate | 0.00005 |',
      '| steps | 60 |',
      '| LoRA rank, alpha | 8, 16 |',
      'Trained with trl 1.16.0, torch 2.13.0.',
      '> Answer twice.\n> Think.',
    ])
      expect(card).toContain(text);
  });

  it('names no place of this machine, and the step when an earlier one was best', async () => {
    const card = await cardOf('{best: second_reward}', '/home/someone/models/tiny', 40);
    expect(card).not.toContain('/home');
    expect(parse(card.split('---')[1] ?? '')).not.toHaveProperty('base_model');
    expect(card).toContain('The model in `tiny`');
    expect(card).toContain('| steps | 40 of 60 (highest second_reward) |');
  });

  it('warns of a control experiment', async () => {
    expect(await cardOf('{control: shuffled-rewards}', 'a/b')).toContain('A control experiment, not a policy to use');
  });
});
