import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TRACE_ORDERS } from '../../../../orchestrator/browser/api/index.js';
import { addressOf } from '../../../../orchestrator/browser/ui/shared/api.js';
import {
  detailAddress,
  nextOrder,
  readFilter,
  rowsAddress,
  type TraceQuery,
  tracePath,
  tracesPath,
} from '../../../../orchestrator/browser/ui/shared/trace-query.js';

const hostile = fc.constantFrom(
  '0',
  ' ',
  '&q=x',
  '#',
  '%',
  '%00',
  '+',
  'a=b',
  '../../x',
  '</script>',
  '\u0000',
  '"a b" OR c*',
  '𝒳é',
);
const text = fc.oneof(hostile, fc.string({ unit: 'binary', minLength: 1 }));
/** All that the server takes, docs/browser.md. */
const NAMES = [
  ...['stage', 'pass', 'set', 'source', 'type', 'prompt', 'first', 'second', 'gate', 'threshold'],
  ...['minConfidence', 'maxConfidence', 'state', 'q', 'sort', 'order'],
];
const someFilter: fc.Arbitrary<TraceQuery> = fc
  .uniqueArray(fc.constantFrom(...NAMES))
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, text]))));

const parse = (address: string) => new URL(address, 'http://127.0.0.1');
const queryOf = (address: string) => Object.fromEntries(parse(address).searchParams);

test('any filter comes back from its address, whatever its text', () => {
  fc.assert(
    fc.property(someFilter, text, fc.nat(), (filter, run, id) => {
      const addresses = [
        tracesPath(run, filter, id),
        tracePath(run, id, filter),
        rowsAddress(run, filter, id, 100),
        detailAddress(String(id), filter),
      ];
      for (const address of addresses) expect(readFilter(queryOf(address))).toEqual(filter);
    }),
  );
});

test('equal filters make equal addresses, in whatever order they were set', () => {
  fc.assert(
    fc.property(someFilter, (filter) => {
      const turned = Object.fromEntries(Object.entries(filter).reverse());
      expect(tracesPath('r', turned)).toBe(tracesPath('r', filter));
    }),
  );
});

test('a name of a run stays one part of the path', () => {
  expect(tracePath('a/b?c#d', 7)).toBe('/runs/a%2Fb%3Fc%23d/traces/7');
  expect(detailAddress('../x', {})).toBe('/api/traces/..%2Fx');
  expect(rowsAddress('a b', {}, 0, 100)).toBe('/api/runs/a%20b/traces?offset=0&limit=100');
});

test('names that are no filters, and filters without a value, are dropped', () => {
  const query = { q: 'x', row: '7', token: 'secret', Q: 'y', constructor: 'z', stage: '' };
  expect(readFilter(query)).toEqual({ q: 'x' });
  expect(readFilter({})).toEqual({});
  expect(tracesPath('r', { q: '', stage: undefined })).toBe('/runs/r/traces');
});

describe('the order', () => {
  test('goes from ascending to descending to none, click by click', () => {
    for (const sort of TRACE_ORDERS) {
      const first = nextOrder({}, sort);
      const second = nextOrder(first, sort);
      const third = nextOrder(second, sort);
      expect([first, second, third]).toEqual([{ sort, order: 'asc' }, { sort, order: 'desc' }, {}]);
      expect(tracesPath('r', { ...second, ...third })).toBe('/runs/r/traces');
    }
  });

  test('begins anew at another column, and takes an order that is not named for ascending', () => {
    expect(nextOrder({ sort: 'tokens', order: 'desc' }, 'reward')).toEqual({ sort: 'reward', order: 'asc' });
    expect(nextOrder({ sort: 'tokens' }, 'tokens')).toEqual({ sort: 'tokens', order: 'desc' });
    expect(nextOrder({ sort: 'tokens', order: 'up' }, 'tokens')).toEqual({ sort: 'tokens', order: 'desc' });
  });
});

test('an address leaves out what is empty, and repeats the name of a list', () => {
  expect(addressOf('/p')).toBe('/p');
  expect(addressOf('/p', { a: null, b: undefined, c: '', d: [], e: [''] })).toBe('/p');
  expect(addressOf('/p', { a: 0, b: false, run: ['x', 'y z', 'a&b'] })).toBe('/p?a=0&b=false&run=x&run=y+z&run=a%26b');
});
