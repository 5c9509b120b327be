import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { collectReport, renderMarkdown, renderPage } from '../../../orchestrator/report/index.js';
import { demoFrames, demoRun } from './demo-run.js';

test('render', async () => {
  const { store, runId, folder } = demoRun();
  const data = await collectReport(store, runId, { traces: 3, thumbnails: async () => demoFrames(8) });
  mkdirSync('/tmp/report', { recursive: true });
  writeFileSync('/tmp/report/report.html', renderPage(data));
  const { text, figures } = renderMarkdown(data);
  writeFileSync('/tmp/report/report.md', text);
  for (const [name, svg] of Object.entries(figures)) writeFileSync(`/tmp/report/${name}`, svg);
  writeFileSync('/tmp/report/runs', folder);
});
