import type { Prompt } from '../records/index.js';

/**
 * A prompt as a row of a manifest: what `vauto data import` writes. Read again under the same name it is the same prompt.
 * `pathOf` gives a media file's path as the row is to name it.
 */
export function normalisedRow(prompt: Prompt, pathOf: (path: string) => string): Record<string, unknown> {
  const { id, source, question, problemType, options, media, meta } = prompt;
  const [medium] = media;
  return {
    id: id.slice(source.length + 1),
    question,
    problem_type: problemType,
    ...(options === undefined ? {} : { options }),
    answer: answerOf(prompt),
    ...(medium === undefined ? {} : { [medium.kind]: pathOf(medium.path) }),
    ...(medium?.start === undefined ? {} : { start: medium.start }),
    ...(medium?.end === undefined ? {} : { end: medium.end }),
    ...meta,
  };
}

function answerOf({ problemType, answer, spans = [] }: Prompt): unknown {
  const times = spans.length === 1 ? spans[0] : spans;
  if (problemType === 'iou') return times;
  return problemType === 'gqa' ? { answer, segment: times } : answer;
}
