import type { FrontierPoint } from './frontier.js';

const COLUMNS = [
  ['threshold', 'threshold'],
  ['accuracy', 'accuracy'],
  ['think_ratio', 'thinkRatio'],
  ['mean_tokens', 'meanTokens'],
  ['exit_accuracy', 'exitAccuracy'],
  ['think_recall', 'thinkRecall'],
] as const satisfies readonly (readonly [string, keyof FrontierPoint])[];

/** Frontiers as CSV (RFC 4180), one line a point; what is undefined at a point is empty. `frontiers`: points by benchmark. */
export function csvOf(frontiers: Readonly<Record<string, readonly FrontierPoint[]>>): string {
  const head = ['benchmark', ...COLUMNS.map(([title]) => title)].join(',');
  const lines = Object.entries(frontiers).flatMap(([benchmark, points]) =>
    points.map((point) => [quoted(benchmark), ...COLUMNS.map(([, name]) => point[name] ?? '')].join(',')),
  );
  return `${[head, ...lines].join('\n')}\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
