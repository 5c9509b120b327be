/** report.md and report.html: two renderings of one set of numbers. */
export { collectReport, type ReportOptions } from './collect.js';
export type * from './data.js';
export { headlines } from './headline.js';
export { type RenderedMarkdown, renderMarkdown } from './markdown.js';
export { renderPage } from './page.js';
export type { Thumbnails } from './traces.js';
