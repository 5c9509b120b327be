import { createGunzip } from 'node:zlib';
import { Decompress, type ZstdError, ZstdErrorCode } from 'fzstd';

/** Why packed bytes cannot be unpacked any further. */
export class UnpackError extends Error {
  constructor(
    /** The end is missing, rather than something in the middle wrong. */
    readonly cut: boolean,
    message: string,
  ) {
    super(message);
  }
}

/** Packed bytes in, what they hold out; a fault is kept until everything before it was taken. */
interface Unpacker {
  push(chunk: Uint8Array): Promise<readonly Uint8Array[]>;
  end(): Promise<readonly Uint8Array[]>;
  fault(): UnpackError | undefined;
}

/** Unpacks one small chunk at a time, so that no more is held than it unfolds to. Throws UnpackError after the last good byte. */
export async function* unpack(
  chunks: AsyncIterable<Uint8Array>,
  packing: 'jsonl.gz' | 'jsonl.zst',
): AsyncGenerator<Uint8Array> {
  const unpacker = packing === 'jsonl.gz' ? gunzipper() : zstdUnpacker();
  const refuse = () => {
    const fault = unpacker.fault();
    if (fault !== undefined) throw fault;
  };
  for await (const chunk of chunks) {
    yield* await unpacker.push(chunk);
    refuse();
  }
  yield* await unpacker.end();
  refuse();
}

function gunzipper(): Unpacker {
  const gunzip = createGunzip();
  let out: Buffer[] = [];
  let fault: UnpackError | undefined;
  // A chunk that breaks the stream is never called back for.
  let wake = () => {};
  gunzip.on('data', (chunk: Buffer) => out.push(chunk));
  gunzip.on('error', (error: NodeJS.ErrnoException) => {
    fault = new UnpackError(error.code === 'Z_BUF_ERROR', error.message);
  });
  gunzip.on('close', () => wake());
  const taken = async (begin: (done: () => void) => void) => {
    await new Promise<void>((done) => {
      wake = done;
      begin(done);
    });
    const all = out;
    out = [];
    return all;
  };
  return {
    push: (chunk) => taken((done) => gunzip.write(chunk, () => done())),
    // Closed by itself once all was read.
    end: () => taken(() => gunzip.end()),
    fault: () => fault,
  };
}

function zstdUnpacker(): Unpacker {
  let out: Uint8Array[] = [];
  let fault: UnpackError | undefined;
  const decompress = new Decompress((chunk) => void out.push(chunk));
  const push = async (chunk: Uint8Array, last: boolean) => {
    out = [];
    try {
      decompress.push(chunk, last);
    } catch (error) {
      fault = zstdFault(error as ZstdError);
    }
    return out;
  };
  return { push: (chunk) => push(chunk, false), end: () => push(new Uint8Array(0), true), fault: () => fault };
}

function zstdFault({ code, message }: ZstdError): UnpackError {
  return new UnpackError(code === ZstdErrorCode.UnexpectedEOF, message);
}
