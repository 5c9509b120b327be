import { z } from 'zod';

/** Arguments that vauto hands on to vLLM or TRL as they are: any JSON value, never code. */
export const argumentsSchema = z.record(z.string(), z.json());
