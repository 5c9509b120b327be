import { useEffect, useState } from 'preact/hooks';
import type { SweepAnswer, SweepCurve } from '../../../api/index.js';
import { useJson } from '../../shared/api.js';
import { count } from '../../shared/format.js';
import { Empty, Waiting } from '../../shared/notices.js';
import { Calibration } from './calibration.js';
import { Chosen } from './chosen.js';
import { Controls } from './controls.js';
import { Frontier } from './frontier.js';
import { type Look, useAt, useLook } from './look.js';
import { Multiples } from './multiples.js';
import { Numbers } from './numbers.js';
import { pointAt } from './points.js';
import { Switched } from './switched.js';
import './sweep.css';

/** What every threshold would do, from the recorded traces: no question is answered again. */
export default function Page() {
  const look = useLook();
  useEffect(() => {
    document.title = `τ explorer · ${look.run} · vauto`;
  }, [look.run]);
  const sweep = useJson<SweepAnswer>(`/api/runs/${encodeURIComponent(look.run)}/sweep`);
  return <Waiting of={sweep}>{(data) => <Explorer answer={data} look={look} />}</Waiting>;
}

/** Switched questions that are listed at first, and at most. */
const PAGE = 50;
const MOST = 1000;

function Explorer({ answer, look }: { readonly answer: SweepAnswer; readonly look: Look }) {
  const { run, benchmark } = look;
  const known = benchmark === null ? answer.pooled : answer.benchmarks[benchmark];
  const curve: SweepCurve = known ?? answer.pooled;
  const name = known ? benchmark : null;
  const chosen = answer.pooled.chosen.threshold;
  const threshold = look.threshold ?? chosen;
  const [limit, setLimit] = useState(PAGE);
  const recomputed = useAt(run, name, threshold, limit);
  const local = pointAt(curve.points, threshold);
  const here = recomputed.fresh && recomputed.at ? recomputed.at.point : local;
  const there = pointAt(curve.points, chosen);
  if (!local || !here || !there) return <Empty>No question of this run has both answers.</Empty>;
  const names = Object.keys(answer.benchmarks);
  return (
    <div class="sweep">
      <div class="head">
        <div>
          <h1>τ explorer</h1>
          <p class="soft">
            {count(curve.n)} recorded questions, {name ?? 'all benchmarks'}. A first answer is taken when its confidence
            is at least τ; below it, or without a confidence, the model thinks.
          </p>
        </div>
        <label class="pick">
          Benchmark
          <select value={name ?? ''} onChange={({ currentTarget }) => look.setBenchmark(currentTarget.value || null)}>
            <option value="">all together</option>
            {names.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
      </div>
      {benchmark !== null && !known && <Empty>This run has no benchmark {benchmark}; these are all together.</Empty>}
      <div class="work">
        <div>
          <Frontier curve={curve} name={name} chosen={chosen} here={local} onLook={look.setThreshold} />
          <Controls curve={curve} chosen={chosen} threshold={threshold} onLook={look.setThreshold} />
        </div>
        <Numbers curve={curve} here={here} chosen={there} threshold={threshold} recomputed={recomputed} />
      </div>
      {names.length > 1 && (
        <Multiples answer={answer} selected={name} threshold={threshold} chosen={chosen} onSelect={look.setBenchmark} />
      )}
      <div class="columns">
        <div>
          <Switched
            run={run}
            recomputed={recomputed}
            isChosen={there.threshold === local.threshold}
            onMore={limit < MOST ? () => setLimit(Math.min(MOST, limit * 4)) : null}
          />
          <Calibration calibration={curve.calibration} />
        </div>
        <Chosen answer={answer} curve={curve} name={name} />
      </div>
    </div>
  );
}
