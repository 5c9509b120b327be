import { resolve } from 'node:path';
import { UserError } from '../errors.js';

/** Name of the folder of decoded frames in the runs folder. */
export const FRAMES_FOLDER = '.frames';

/**
 * Where Python keeps decoded frames, in the form in which its workers read it; what the user set wins. Throws UserError for a
 * size that is none, before a worker stumbles over it.
 */
export function frameEnvironment(
  folder: string | undefined,
  user: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const size = user.VAUTO_FRAME_CACHE_GIB;
  if (size && !/^\d+(\.\d+)?$/.test(size))
    throw new UserError({
      code: 'frame-cache-size',
      kind: 'usage',
      message: `VAUTO_FRAME_CACHE_GIB is ${JSON.stringify(size)}, not a number of GiB`,
      fix: 'set it to the GiB that decoded frames may take on disk, such as 20; 0 keeps none',
    });
  return folder === undefined ? {} : { VAUTO_FRAME_CACHE: resolve(folder) };
}
