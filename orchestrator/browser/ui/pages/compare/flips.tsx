import { useEffect } from 'preact/hooks';
import type { CompareAnswer, FlipKind, FlipsAnswer } from '../../../api/index.js';
import { addressOf, useJson } from '../../shared/api.js';
import { count } from '../../shared/format.js';
import { Empty, Waiting } from '../../shared/notices.js';
import { FlipTable } from './flip-table.js';
import { type Change, KINDS, type View } from './view.js';

/** Rows of a page. */
const PAGE = 50;

const WORDS: Readonly<Record<FlipKind, string>> = {
  fixed: 'Fixed',
  broken: 'Broken',
  'same-right': 'Right in both',
  'same-wrong': 'Wrong in both',
};

interface FlipsProps {
  readonly answer: CompareAnswer;
  readonly view: View;
  readonly change: Change;
}

/** The questions behind the differences, one by one. */
export function Flips({ answer, view, change }: FlipsProps) {
  const { runs, against, policy, benchmark, open } = view;
  const counts = countsOf(answer, view);
  const kind = view.kind ?? KINDS.find((each) => (counts?.[each] ?? 0) > 0) ?? 'fixed';
  const offset = open === null ? view.offset : PAGE * Math.floor(open / PAGE);
  const address = addressOf('/api/compare/flips', {
    run: [runs[0] ?? '', against ?? ''],
    policy,
    benchmark,
    kind,
    offset,
    limit: PAGE,
  });
  const flips = useJson<FlipsAnswer>(against === null ? null : address);
  const total = flips.data?.total ?? 0;
  useKeys(open, offset, total, (next) => change({ open: next }));
  return (
    <section aria-labelledby="flips-title" class="flips">
      <h2 id="flips-title">Question by question</h2>
      <Pickers answer={answer} view={view} change={change} />
      <Kinds counts={counts} kind={kind} onKind={(next) => change({ kind: next, offset: 0, open: null })} />
      <Waiting of={flips}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty>No such question.</Empty>
          ) : (
            <>
              <FlipTable
                rows={rows}
                names={[runs[0] ?? '', against ?? '']}
                open={open === null || flips.loading ? null : open - offset}
                onOpen={(place) => change({ open: place === null ? null : offset + place, offset })}
              />
              <Pages offset={offset} total={total} onPage={(next) => change({ offset: next, open: null })} />
            </>
          )
        }
      </Waiting>
    </section>
  );
}

function Pickers({ answer, view, change }: FlipsProps) {
  const names = answer.benchmarks.map(({ benchmark }) => benchmark).filter((name) => name !== 'overall');
  return (
    <div class="filters">
      {view.runs.length > 2 && (
        <label>
          Run
          <select
            value={view.against ?? ''}
            onChange={({ currentTarget }) => change({ against: currentTarget.value, offset: 0, open: null })}
          >
            {view.runs.slice(1).map((run) => (
              <option key={run} value={run}>
                {run}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        Benchmark
        <select
          value={view.benchmark ?? ''}
          onChange={({ currentTarget }) => change({ benchmark: currentTarget.value || null, offset: 0, open: null })}
        >
          <option value="">all</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <p class="soft small">
        <kbd>j</kbd> and <kbd>k</kbd> go to the next and the one before; a row opens both traces.
      </p>
    </div>
  );
}

type Counts = Readonly<Record<FlipKind, number>>;

interface KindsProps {
  readonly counts: Counts | null;
  readonly kind: FlipKind;
  readonly onKind: (kind: FlipKind) => void;
}

function Kinds({ counts, kind: chosen, onKind }: KindsProps) {
  return (
    <fieldset class="kinds">
      <legend class="hidden">Kind of change</legend>
      {KINDS.map((kind) => (
        <button key={kind} type="button" aria-pressed={kind === chosen} onClick={() => onKind(kind)}>
          {WORDS[kind]} {counts && <span class="soft">{count(counts[kind])}</span>}
        </button>
      ))}
    </fieldset>
  );
}

/** Numbers of the tabs, from the differences above. */
function countsOf({ benchmarks, runs }: CompareAnswer, view: View): Counts | null {
  const place = runs.findIndex(({ name }) => name === view.against) - 1;
  const wanted = view.benchmark ?? (benchmarks.length === 1 ? benchmarks[0]?.benchmark : 'overall');
  const difference = benchmarks.find(({ benchmark }) => benchmark === wanted)?.differences[place];
  if (!difference) return null;
  const { fixed, broken, sameRight, sameWrong } = difference;
  return { fixed, broken, 'same-right': sameRight, 'same-wrong': sameWrong };
}

interface PagesProps {
  readonly offset: number;
  readonly total: number;
  readonly onPage: (offset: number) => void;
}

function Pages({ offset, total, onPage }: PagesProps) {
  if (total <= PAGE) return null;
  return (
    <nav class="pages" aria-label="Pages of questions">
      <button type="button" disabled={offset === 0} onClick={() => onPage(Math.max(0, offset - PAGE))}>
        ‹ Before
      </button>
      <span>
        {count(offset + 1)} to {count(Math.min(total, offset + PAGE))} of {count(total)}
      </span>
      <button type="button" disabled={offset + PAGE >= total} onClick={() => onPage(offset + PAGE)}>
        Next ›
      </button>
    </nav>
  );
}

/** j and k, unless somebody is typing; they begin at the first of the page. */
function useKeys(open: number | null, first: number, total: number, onOpen: (place: number) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof Element && event.target.closest('input, select, textarea') !== null;
      if (typing || event.ctrlKey || event.metaKey || event.altKey || total === 0) return;
      const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0;
      if (step === 0) return;
      event.preventDefault();
      onOpen(open === null ? first : Math.max(0, Math.min(total - 1, open + step)));
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  });
}
