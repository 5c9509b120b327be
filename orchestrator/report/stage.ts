import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StageContext, StageResult } from '../pipeline/stage.js';
import type { Recipe } from '../recipe/index.js';
import { collectReport, renderMarkdown, renderPage } from './index.js';

export const name = 'report';
/** Raise when the stage's output for the same inputs changes. */
export const version = 1;

export interface ReportSummary {
  readonly markdown: string;
  readonly page: string;
}

export function inputs(recipe: Recipe): unknown {
  return { report: recipe.report };
}

/** Writes report.md, its figures and the self-contained report.html from what the store holds. */
export async function run(
  context: StageContext,
  thumbnails: (set: string, promptId: string) => Promise<string[]>,
): Promise<StageResult<ReportSummary>> {
  const data = await collectReport(context.store, context.runId, { traces: context.recipe.report.traces, thumbnails });
  const { text, figures } = renderMarkdown(data);
  for (const [file, svg] of Object.entries(figures)) await writeFile(join(context.folder, file), svg);
  await writeFile(join(context.folder, 'report.md'), text);
  await writeFile(join(context.folder, 'report.html'), renderPage(data));
  const artifacts = await Promise.all(
    ['report.md', 'report.html', ...Object.keys(figures)].map((file) => context.artifact(file, `report/${file}`)),
  );
  return { summary: { markdown: 'report/report.md', page: 'report/report.html' }, artifacts };
}
