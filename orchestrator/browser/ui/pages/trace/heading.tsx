import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { TraceDetail } from '../../../api/index.js';
import { count, setName } from '../../shared/format.js';
import { type TraceAddress, tracePath, tracesPath } from '../../shared/trace-query.js';
import { Mark, NoMark } from '../traces/mark.js';

/** Which rollout this is, whether it is right, and the ways to those beside it. */
export function Heading({ trace, address }: { trace: TraceDetail; address: TraceAddress }) {
  const { row, place, previous, next } = trace;
  const { run, filter } = address;
  const back = tracesPath(run, filter, place ? place.at + 1 : undefined);
  const link = (id: number | null) => (id === null ? null : tracePath(run, id, filter));
  useKeys({ previous: link(previous), next: link(next), back });
  return (
    <header class="heading">
      <div>
        <h1>{row.promptId}</h1>
        <p class="soft">
          {setName(row.set)} · {row.stage}
          {row.pass === row.stage ? '' : ` · ${row.pass}`}
          {row.step === null ? '' : ` · step ${row.step}`} · rollout {row.index}
        </p>
        <p class="outcome">
          <Outcome name="First answer" cell={row.first} /> <Outcome name="Second answer" cell={row.second} />
        </p>
      </div>
      <nav aria-label="Rollouts">
        <Step to={link(previous)} label="Previous rollout" hint="← or p">
          ←
        </Step>
        <span class="small">{place ? `${count(place.at + 1)} of ${count(place.total)}` : 'not in this list'}</span>
        <Step to={link(next)} label="Next rollout" hint="→ or n">
          →
        </Step>
        <a href={back} class="small" title="Esc">
          All traces
        </a>
      </nav>
    </header>
  );
}

function Outcome({ name, cell }: { name: string; cell: TraceDetail['row']['first'] }) {
  return (
    <span>
      {cell ? <Mark correct={cell.correct} state={cell.state} /> : <NoMark />} {name}{' '}
      {cell === null ? 'missing' : cell.correct === null ? 'not graded' : cell.correct ? 'right' : 'wrong'}
    </span>
  );
}

interface StepProps {
  readonly to: string | null;
  readonly label: string;
  readonly hint: string;
  readonly children: string;
}

function Step({ to, label, hint, children }: StepProps) {
  if (to === null)
    return (
      <span class="step off" aria-hidden="true">
        {children}
      </span>
    );
  return (
    <a class="step" href={to} aria-label={label} title={`${label} (${hint})`}>
      {children}
    </a>
  );
}

interface Ways {
  readonly previous: string | null;
  readonly next: string | null;
  readonly back: string;
}

/** ←/p, →/n and Esc, but not while somebody types or scrolls the frames. */
function useKeys({ previous, next, back }: Ways): void {
  const { route } = useLocation();
  useEffect(() => {
    const ways: Record<string, string | null> = {
      ArrowLeft: previous,
      p: previous,
      ArrowRight: next,
      n: next,
      Escape: back,
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      const busy = event.target instanceof HTMLElement && event.target.closest('input, select, textarea, .strip');
      const to = ways[event.key];
      if (busy || to === undefined || to === null) return;
      event.preventDefault();
      route(to);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [previous, next, back, route]);
}
