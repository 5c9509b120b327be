import { z } from 'zod';

/** Values that several sections have. */
export const temperature = z.number().min(0).max(5);
export const maxTokens = z.int().min(1).max(131_072);
