import { describe, expect, it } from 'vitest';
import { checkGeneration } from '../../../orchestrator/training/generation.js';
import { load, MINIMAL } from '../recipe/fixture.js';
import { prompts } from '../store/rows.js';

const text = prompts(1).map((prompt) => ({ ...prompt, media: [] }));

describe("TRL's own vLLM", () => {
  it.each(['colocate', 'server'])('%s is refused for prompts with media, and for no others', async (generation) => {
    const { recipe } = await load(`${MINIMAL}train: {generation: ${generation}}\n`);
    expect(() => checkGeneration(recipe, [...text, ...prompts(2)])).toThrow(/does not carry videos and images, .* p0/);
    expect(() => checkGeneration(recipe, text)).not.toThrow();
  });

  it('is not asked for by the others, or without training', async () => {
    for (const train of ['generation: engine', 'generation: transformers', 'generation: server, enabled: false']) {
      const { recipe } = await load(`${MINIMAL}train: {${train}}\n`);
      expect(() => checkGeneration(recipe, prompts(2))).not.toThrow();
    }
  });
});
