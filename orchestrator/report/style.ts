import { FIGURE_CSS, themeCss } from './theme.js';

/** The whole style of report.html. No style attribute is used anywhere, so that the page's policy can forbid them. */
export const PAGE_CSS = `${themeCss(':root')}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.6 Charter,"Bitstream Charter","Iowan Old Style","Source Serif 4",Georgia,Cambria,serif}
main{max-width:62rem;margin:0 auto;padding:3.5rem 1.5rem 6rem}
h1,h2,h3,p,figure,dl,dd,ul{margin:0}
h1{font-size:2.5rem;line-height:1.1;letter-spacing:-.02em;font-weight:700;overflow-wrap:anywhere}
h2{font-size:1.55rem;line-height:1.25;letter-spacing:-.01em;margin-top:4rem}
h3{font-size:1.1rem;line-height:1.35}
h2+p,h2+.note{margin-top:.4rem}
h2+.columns{margin-top:1.5rem}
p,.lede{max-width:44rem}
.lede{font-size:1.2rem;line-height:1.5;margin-top:1rem}
.ui,th,td,dt,dd,figcaption,.chip,.kicker,.note,pre{font-family:ui-sans-serif,system-ui,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
.kicker,.note,figcaption{color:var(--soft);font-size:.85rem;line-height:1.5}
.kicker{letter-spacing:.02em;margin-bottom:.6rem}
.headlines{display:grid;grid-template-columns:repeat(auto-fit,minmax(12.5rem,1fr));gap:1.5rem 2rem;margin-top:2.5rem;padding-top:1.5rem;border-top:2px solid var(--ink)}
.headlines dt{font-size:.85rem;color:var(--soft)}
.headlines dd{line-height:1.4}
.headlines .value{font:700 2.6rem/1.15 Charter,"Bitstream Charter","Iowan Old Style",Georgia,Cambria,serif;letter-spacing:-.02em;font-variant-numeric:lining-nums tabular-nums}
.headlines .detail{font-size:.82rem;color:var(--soft)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:2.5rem 2.5rem;margin-top:1.75rem}
figure{min-width:0}
figure h3{margin-bottom:.5rem}
figcaption{margin-top:.5rem}
.scroll{overflow-x:auto;margin-top:1.5rem}
table{border-collapse:collapse;width:100%;font-size:.9rem;line-height:1.4;font-variant-numeric:tabular-nums lining-nums}
th{font-weight:600;text-align:right;color:var(--soft);font-size:.8rem;padding:.4rem .75rem;border-bottom:0;vertical-align:bottom}
td{text-align:right;padding:.4rem .75rem;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left}
th:first-child,td:first-child{padding-left:0}
tr.group th{color:var(--ink);font-size:.95rem;padding-top:1.4rem;border-bottom:1px solid var(--soft)}
tr.auto td{font-weight:600}
tr.chance td{color:var(--soft)}
.ci{color:var(--soft);font-size:.85em;font-weight:400;margin-left:.35em}
.up{color:var(--green)}.down{color:var(--red)}
.trace{margin-top:2.25rem;padding:1.5rem;background:var(--panel);border-radius:10px}
.trace h3{margin-bottom:.15rem}
.frames{display:flex;flex-wrap:wrap;gap:6px;margin:1rem 0;padding:0;list-style:none}
.frames img{display:block;height:76px;width:auto;max-width:100%;border-radius:4px;image-rendering:auto}
.trace .question{margin-top:1rem;white-space:pre-wrap;overflow-wrap:anywhere}
.options{list-style:none;font-size:.95rem;padding:0;margin:.5rem 0 0;display:flex;flex-wrap:wrap;gap:.15rem 1.5rem}
.options .gold{font-weight:700}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:1rem 0 0;padding:1rem;background:var(--paper);border-radius:6px;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.84rem;line-height:1.55;unicode-bidi:isolate;max-height:24rem;overflow-y:auto}
mark{background:var(--mark);color:inherit;border-radius:3px;padding:.05em .15em;box-shadow:0 0 0 1px var(--blue)}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.25rem;margin-top:1rem;font-size:.9rem;line-height:1.5}
.facts dt{color:var(--soft)}
.facts dd{overflow-wrap:anywhere;font-variant-numeric:tabular-nums lining-nums}
.chip{display:inline-block;font-size:.78rem;font-weight:600;padding:0 .5em;border-radius:999px;border:1px solid currentcolor;margin-left:.35em;line-height:1.5}
.gate{display:block;width:100%;max-width:20rem;height:14px;margin-top:.25rem}
.gate .ground{fill:var(--line)}.gate .level{fill:var(--blue)}.gate .tau{stroke:var(--orange);stroke-width:1.5}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:0 3rem}
.warnings{padding-left:1.2rem;margin-top:.75rem}
@media(max-width:40rem){body{font-size:16px}main{padding:2rem 1.1rem 4rem}h1{font-size:2rem}h2{margin-top:3rem}.lede{font-size:1.08rem}.headlines{grid-template-columns:1fr 1fr;gap:1.25rem 1.25rem;margin-top:1.75rem}.headlines .value{font-size:2rem}.trace{padding:1.1rem;margin-left:-.4rem;margin-right:-.4rem}th,td{padding-left:.45rem;padding-right:.45rem}.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:.5rem}}
@media print{body{font-size:11pt}.trace,figure{break-inside:avoid}pre{max-height:none}}
${FIGURE_CSS}`.replaceAll('\n', '');
