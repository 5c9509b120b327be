import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          globalSetup: ['test/scratch.ts'],
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          globalSetup: ['test/scratch.ts', 'test/integration/global-setup.ts'],
          include: ['test/integration/**/*.test.ts', 'test/contract/**/*.test.ts', 'test/browser/**/*.test.ts'],
          // Real engines: one file at a time, so that memory and the two cores are not shared.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
      { test: { name: 'gpu', include: ['test/gpu/**/*.test.ts'], fileParallelism: false, testTimeout: 1_800_000 } },
      {
        test: {
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 3_600_000,
        },
      },
    ],
  },
});
