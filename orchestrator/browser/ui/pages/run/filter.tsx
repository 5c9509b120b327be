import type { FilterView } from '../../../api/index.js';
import { count } from '../../shared/format.js';
import { Histogram } from './histogram.js';
import { Scroll } from './scroll.js';

/** What the filter kept, and why it dropped the rest. */
export function Filter({ filter }: { filter: FilterView }) {
  return (
    <section>
      <h2>Filter</h2>
      <p>
        <b>{count(filter.keep)}</b> of {count(filter.prompts)} prompts kept, {count(filter.drop)} dropped (
        {count(filter.easy)} too easy, {count(filter.hard)} too hard)
        {filter.unknown > 0 && <>, {count(filter.unknown)} unknown</>}; {count(filter.rollouts)} rollouts
        {filter.saved.rollouts > 0 && (
          <>
            , {count(filter.saved.rollouts)} saved by deciding early (about {count(Math.round(filter.saved.tokens))}{' '}
            tokens)
          </>
        )}
        .
      </p>
      <div class="beside">
        <Histogram filter={filter} />
        <Scroll label="Filter by source and type">
          <Groups groups={filter.groups} />
        </Scroll>
      </div>
    </section>
  );
}

const COLUMNS = [
  ['prompts', 'Prompts'],
  ['keep', 'Kept'],
  ['easy', 'Too easy'],
  ['hard', 'Too hard'],
  ['unknown', 'Unknown'],
] as const;

function Groups({ groups }: Pick<FilterView, 'groups'>) {
  return (
    <table>
      <caption class="hidden">The filter by source and problem type</caption>
      <thead>
        <tr>
          <th scope="col">Source</th>
          <th scope="col">Type</th>
          {COLUMNS.map(([name, title]) => (
            <th key={name} scope="col" class="num">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => (
          <tr key={`${group.source} ${group.problemType}`}>
            <td>{group.source}</td>
            <td>{group.problemType}</td>
            {COLUMNS.map(([name]) => (
              <td key={name} class="num">
                {count(group[name])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
