import type { RunDetail } from '../../../api/index.js';
import { count, setName } from '../../shared/format.js';
import { Scroll } from './scroll.js';

type Ledger = RunDetail['ledger'];

const PROMPTS = [
  ['promptsIn', 'Prompts in'],
  ['done', 'Done'],
  ['unknown', 'Unknown'],
] as const;
const ROLLOUTS = [
  ['rollouts', 'Rollouts'],
  ['failures', 'Failures'],
  ['cached', 'Cached'],
  ['retried', 'Retried'],
  ['lost', 'Lost'],
] as const;

/** Where every prompt and rollout stands: counted from the rows of the store. */
export function LedgerTable({ ledger }: { ledger: Ledger }) {
  const stages = ledger.stages.filter(({ units, promptsIn }) => units > 0 || promptsIn > 0);
  const sets = Object.entries(ledger.prompts);
  if (stages.length === 0) return null;
  return (
    <section>
      <h2>Ledger</h2>
      {sets.length > 0 && (
        <p class="soft small">Prompts in {sets.map(([set, n]) => `${setName(set)} ${count(n)}`).join(', ')}.</p>
      )}
      <Scroll label="Ledger">
        <table>
          <caption class="hidden">Prompts and rollouts by stage</caption>
          <thead>
            <tr>
              <th scope="col">Stage</th>
              {[...PROMPTS, ...ROLLOUTS].map(([name, title]) => (
                <th key={name} scope="col" class="num">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {stages.map(stageRow)}
            <tr class="overall">
              <th scope="row">all</th>
              {PROMPTS.map(([name]) => (
                <td key={name} />
              ))}
              {ROLLOUTS.map(([name]) => (
                <Cell key={name} name={name} value={ledger[name]} />
              ))}
            </tr>
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function stageRow(stage: Ledger['stages'][number]) {
  return (
    <tr key={stage.stage}>
      <th scope="row">{stage.stage}</th>
      {[...PROMPTS, ...ROLLOUTS].map(([name]) => (
        <Cell key={name} name={name} value={stage[name]} />
      ))}
    </tr>
  );
}

/** Nothing may be lost; 0 elsewhere is nothing to look at. */
function Cell({ name, value }: { name: string; value: number }) {
  const look = value === 0 ? 'soft' : name === 'lost' ? 'wrong' : '';
  return <td class={`num ${look}`}>{name === 'lost' && value !== 0 ? <b>{count(value)}</b> : count(value)}</td>;
}
