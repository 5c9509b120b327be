import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { RunsAnswer } from '../../../api/index.js';
import { addressOf } from '../../shared/api.js';
import { count } from '../../shared/format.js';
import { Empty, Waiting } from '../../shared/notices.js';
import { Filters } from './filters.js';
import { More } from './more.js';
import { PAGE, useWanted } from './query.js';
import './runs.css';
import { Table } from './table.js';
import { useKeys } from './use-keys.js';
import { useRuns } from './use-runs.js';

/** All runs of the store. */
export default function Page() {
  const [wanted, change] = useWanted();
  const runs = useRuns(wanted);
  const page = useRef<HTMLDivElement>(null);
  const [chosen, choose] = useChosen();
  useKeys(page);
  useEffect(() => {
    document.title = 'Runs · vauto';
  }, []);
  return (
    <div ref={page} class="runs-page">
      <header class="head">
        <h1>Runs</h1>
        <Compare chosen={chosen} />
      </header>
      {runs.data?.all !== 0 && <Filters wanted={wanted} tags={runs.data?.tags ?? []} onChange={change} />}
      <Waiting of={runs}>
        {(answer) => (
          <>
            {answer.runs.length === 0 ? (
              <Nothing answer={answer} />
            ) : (
              <Table runs={answer.runs} wanted={wanted} chosen={chosen} onChoose={choose} onChange={change} />
            )}
            <More
              shown={answer.runs.length}
              total={answer.total}
              loading={runs.loading}
              onMore={() => change({ shown: wanted.shown + PAGE })}
            />
            {answer.runs.length > 0 && <Hint answer={answer} />}
          </>
        )}
      </Waiting>
    </div>
  );
}

/** Names in the order of their choice: the first is what the others are compared with. */
function useChosen(): [readonly string[], (name: string) => void] {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const choose = useCallback(
    (name: string) =>
      setChosen((before) => (before.includes(name) ? before.filter((other) => other !== name) : [...before, name])),
    [],
  );
  return [chosen, choose];
}

function Compare({ chosen }: { chosen: readonly string[] }) {
  const { route } = useLocation();
  const enough = chosen.length >= 2;
  return (
    <span class="compare">
      {chosen.length > 0 && (
        <span class="soft small" aria-live="polite">
          {enough ? `against ${chosen[0]}` : 'choose one more'}
        </span>
      )}
      <button
        type="button"
        class={enough ? 'primary' : undefined}
        disabled={!enough}
        onClick={() => route(addressOf('/compare', { run: chosen }))}
      >
        {enough ? `Compare ${chosen.length} runs` : 'Compare runs'}
      </button>
    </span>
  );
}

function Nothing({ answer }: { answer: RunsAnswer }) {
  if (answer.all > 0) return <Empty>No run matches.</Empty>;
  return (
    <Empty>
      There is no run yet. Make one: <code>vauto run recipes/quickstart.yaml</code>
    </Empty>
  );
}

function Hint({ answer: { total, all } }: { answer: RunsAnswer }) {
  return (
    <p class="hint soft small">
      <span>
        {total === all ? count(all) : `${count(total)} of ${count(all)}`} {all === 1 ? 'run' : 'runs'}
      </span>
      <span class="keys">
        <kbd>/</kbd> search <kbd>j</kbd> <kbd>k</kbd> next, previous <kbd>Enter</kbd> open <kbd>x</kbd> choose for
        comparing
      </span>
    </p>
  );
}
