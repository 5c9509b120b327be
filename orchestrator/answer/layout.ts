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
  /** The chat template wrote the opening tag. */
  readonly opened: boolean;
}

/** Splits a completion at its think tags. `opened`: the chat template has written `<think>` before it. */
export function layoutOf(completion: string, opened = false): Layout {
  const text = withoutTurnEnd(completion);
  const open = text.indexOf(OPEN);
  if (opened) return openedLayout(text, open);
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
    opened: false,
  };
}

function openedLayout(text: string, open: number): Layout {
  const close = text.lastIndexOf(CLOSE);
  return {
    text,
    hasTags: true,
    wellFormed: close >= 0 && text.indexOf(CLOSE) === close && open < 0,
    headEnd: 0,
    tailStart: close >= 0 ? close + CLOSE.length : null,
    think: close >= 0 ? text.slice(0, close) : null,
    opened: true,
  };
}

/**
 * What a reply that chooses whether to think has thought, cut off or not; null when it answers without thinking: no think
 * tag, or the one that the template opened closed at once.
 */
export function thoughtOf({ text, hasTags, think, tailStart, opened }: Layout): string | null {
  if (!hasTags) return null;
  if (think !== null) return opened && think.trim() === '' ? null : think;
  const start = text.indexOf(OPEN);
  if (start >= 0) return text.slice(start + OPEN.length);
  return tailStart === null ? text : text.slice(0, tailStart - CLOSE.length);
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
