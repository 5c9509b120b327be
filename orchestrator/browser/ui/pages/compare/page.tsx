import { useEffect } from 'preact/hooks';
import type { CompareAnswer, RunsAnswer } from '../../../api/index.js';
import { addressOf, useJson } from '../../shared/api.js';
import { Empty, Waiting } from '../../shared/notices.js';
import { Accuracies } from './accuracies.js';
import { Differences } from './differences.js';
import { Flips } from './flips.js';
import { Picker } from './picker.js';
import { type Change, useView, type View } from './view.js';
import './compare.css';

/** Runs side by side on the questions that they share. */
export default function Page() {
  const [view, change] = useView();
  useEffect(() => {
    document.title = 'Compare runs · vauto';
  }, []);
  const known = useJson<RunsAnswer>('/api/runs?limit=200');
  const ready = view.runs.length >= 2;
  const address = ready ? addressOf('/api/compare', { run: view.runs, policy: view.policy }) : null;
  const comparison = useJson<CompareAnswer>(address);
  return (
    <div class="compare">
      <h1>Compare runs</h1>
      <Picker view={view} known={known.data?.runs ?? []} change={change} />
      {ready ? (
        <Waiting of={comparison}>{(data) => <Comparison answer={data} view={view} change={change} />}</Waiting>
      ) : (
        <Empty>
          {view.runs.length === 0 ? 'Add two runs: the first is the baseline.' : 'Add another run to compare with.'}
        </Empty>
      )}
    </div>
  );
}

function Comparison({ answer, view, change }: { answer: CompareAnswer; view: View; change: Change }) {
  return (
    <>
      <Accuracies answer={answer} />
      <Differences answer={answer} />
      <Flips answer={answer} view={view} change={change} />
    </>
  );
}
