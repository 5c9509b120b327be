const OPEN = '<think>';
const CLOSE = '</think>';

/** Tokens that end a turn and that some engines leave in the text. */
const TURN_ENDS = ['<|im_end|>', '<|endoftext|>'];

/** Where the parts of a completion stand; offsets are those of the completion. */
export interface Layout {
  /** The completion without end tokens and white space behind it. */
  readonly text: string;
  /** Whether there is any think tag. */
  readonly hasTags: boolean;
  /** Exactly one `<think>` and one `</think>`, in this order. */
  readonly wellFormed: boolean;
  /** End of what stands before the first think tag. */
  readonly headEnd: number;
  /** Start of what stands behind the last `</think>`; null without one. */
  readonly tailStart: number | null;
  /** Text of the think block; null when it was never opened or never closed. */
  readonly think: string | null;
}

/** Splits a completion at its think tags. */
export function layoutOf(completion: string): Layout {
  const text = withoutTurnEnd(completion);
  const open = text.indexOf(OPEN);
  const close = text.lastIndexOf(CLOSE);
  const firstClose = text.indexOf(CLOSE);
  const tags = [open, firstClose].filter((at) => at >= 0);
  const closed = open >= 0 && close > open;
  return {
    text,
    hasTags: tags.length > 0,
    wellFormed: closed && firstClose === close && text.lastIndexOf(OPEN) === open,
    headEnd: Math.min(text.length, ...tags),
    tailStart: close >= 0 ? close + CLOSE.length : null,
    think: closed ? text.slice(open + OPEN.length, close) : null,
  };
}

function withoutTurnEnd(completion: string): string {
  let text = completion.trimEnd();
  for (let found: string | undefined = ''; found !== undefined; ) {
    const end = text;
    found = TURN_ENDS.find((token) => end.endsWith(token));
    if (found !== undefined) text = text.slice(0, -found.length).trimEnd();
  }
  return text;
}
