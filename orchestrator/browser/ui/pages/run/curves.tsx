import { useMemo } from 'preact/hooks';
import { Chart, type ChartSeries } from '../../shared/chart.js';
import { CURVES, type CurveGroup, otherGroups } from './curve-groups.js';
import { smooth } from './smooth.js';
import { useChoice } from './use-choice.js';
import type { LiveRun, Steps } from './use-run.js';

/** What training did step by step; charts of numbers that were not recorded are left out. */
export function Curves({ steps: { data: steps, error } }: { steps: LiveRun['steps'] }) {
  const [smoothed, setSmoothed] = useChoice('smooth');
  const [all, setAll] = useChoice('numbers');
  const groups = useMemo(() => groupsOf(steps ?? [], all === 'all'), [steps, all]);
  if (error) return <p class="notice error">The steps cannot be read: {error.message}</p>;
  if (!steps || steps.length === 0) return null;
  return (
    <section>
      <div class="title">
        <h2>Training</h2>
        <span class="soft small">
          {steps.length} {steps.length === 1 ? 'step' : 'steps'}; drag to zoom, double click to see all
        </span>
        <label class="check">
          <input
            type="checkbox"
            checked={smoothed === '1'}
            onChange={({ currentTarget }) => setSmoothed(currentTarget.checked ? '1' : '')}
          />
          smooth
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={all === 'all'}
            onChange={({ currentTarget }) => setAll(currentTarget.checked ? 'all' : '')}
          />
          all numbers
        </label>
      </div>
      <div class="curves">
        {groups.map((group) => (
          <Curve key={group.title} group={group} steps={steps} smoothed={smoothed === '1'} />
        ))}
      </div>
    </section>
  );
}

function groupsOf(steps: Steps, all: boolean): CurveGroup[] {
  const names = new Set(steps.flatMap(({ metrics }) => Object.keys(metrics).filter((name) => metrics[name] !== null)));
  return [...CURVES, ...otherGroups(names)]
    .filter(({ aside }) => all || !aside)
    .map((group) => ({ ...group, lines: group.lines.filter(([name]) => names.has(name)) }))
    .filter(({ lines }) => lines.length > 0);
}

const LOOKS: readonly Pick<ChartSeries, 'colour' | 'dash'>[] = [
  { colour: '--blue' },
  { colour: '--orange' },
  { colour: '--green' },
  { colour: '--red' },
  { colour: '--soft' },
  { colour: '--blue', dash: [4, 3] },
  { colour: '--orange', dash: [4, 3] },
];

function Curve({ group, steps, smoothed }: { group: CurveGroup; steps: Steps; smoothed: boolean }) {
  const { x, series } = useMemo(() => dataOf(group, steps, smoothed), [group, steps, smoothed]);
  return (
    <Chart
      title={group.title}
      x={x}
      xName="step"
      series={series}
      format={group.format}
      sync="training"
      {...(group.range ? { range: group.range } : {})}
    />
  );
}

function dataOf({ lines }: CurveGroup, steps: Steps, smoothed: boolean) {
  const series = lines.map(([name, label], index): ChartSeries => {
    const values = steps.map(({ metrics }) => metrics[name] ?? null);
    const look = LOOKS[index % LOOKS.length] ?? { colour: '--ink' };
    return { label, meaning: name, ...look, values: smoothed ? smooth(values) : values };
  });
  return { x: steps.map(({ step }) => step), series };
}
