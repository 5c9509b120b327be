/** Colours of page and figures, as CSS variables: light, and dark where the reader's system is dark. */
const LIGHT = {
  paper: '#fdfcf9',
  panel: '#f5f3ec',
  ink: '#1b1c1f',
  soft: '#5f6168',
  line: '#dedbd1',
  blue: '#2456b8',
  orange: '#b8521a',
  green: '#1d7346',
  red: '#ae312b',
  mark: '#e3ebfa',
};
const DARK: typeof LIGHT = {
  paper: '#15161a',
  panel: '#1d1f25',
  ink: '#e9e7e1',
  soft: '#a09fa3',
  line: '#34363d',
  blue: '#8db4ff',
  orange: '#f0a56c',
  green: '#6cc796',
  red: '#ff938a',
  mark: '#22304d',
};

const variables = (colours: typeof LIGHT) =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');

/** Defines the variables on `selector`. */
export function themeCss(selector: string): string {
  return `${selector}{color-scheme:light dark;${variables(LIGHT)}}@media(prefers-color-scheme:dark){${selector}{${variables(DARK)}}}`;
}

/** How figures look, in the page and in a file of their own. */
export const FIGURE_CSS = `
.fig{display:block;width:100%;height:auto;font-family:ui-sans-serif,system-ui,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;font-size:12.5px}
.fig text{fill:var(--soft);font-variant-numeric:tabular-nums}
.fig .strong{fill:var(--ink);font-weight:600}
.fig .grid{stroke:var(--line);stroke-width:1}
.fig .axis{stroke:var(--soft);stroke-width:1}
.fig .line{fill:none;stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round}
.fig .thin{stroke-width:1.25;opacity:.45}
.fig .dashed{stroke-dasharray:4 4;stroke-width:1.25}
.fig .blue{stroke:var(--blue)}.fig .orange{stroke:var(--orange)}.fig .soft{stroke:var(--soft)}
.fig .fill-blue{fill:var(--blue)}.fig .fill-orange{fill:var(--orange)}.fig .fill-soft{fill:var(--soft)}
.fig .faded{opacity:.4}
.fig .band{fill:var(--blue);opacity:.14}
.fig .ring{fill:var(--paper);stroke-width:2.5}
.fig .halo{stroke:var(--paper);stroke-width:4;paint-order:stroke;stroke-linejoin:round}
`
  .trim()
  .replaceAll('\n', '');
