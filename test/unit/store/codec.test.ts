import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Trace } from '../../../orchestrator/records/index.js';
import { packIntegers, packReals, unpackIntegers, unpackReals } from '../../../orchestrator/store/codec.js';
import { packTrace, unpackTrace } from '../../../orchestrator/store/trace-codec.js';

test('integers come back whatever their size', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffffffff })), (values) => {
      expect(unpackIntegers(packIntegers(values), values.length)).toEqual(values);
    }),
  );
  expect(packIntegers([1, 255]).length).toBe(2);
  expect(packIntegers([1, 256]).length).toBe(4);
  expect([...packIntegers([1, 65_536])]).toEqual([1, 0, 0, 0, 0, 0, 1, 0]);
});

test('log-probs come back to the last bit, in four bytes when single precision holds them', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true })), (values) => {
      expect(unpackReals(packReals(values), values.length)).toEqual(values);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.float({ noNaN: true })), (values) => {
      expect(packReals(values).length).toBe(4 * values.length);
    }),
  );
});

test('a blob at an odd address is read, a torn one is refused', () => {
  const blob = Buffer.concat([Buffer.from([9]), packIntegers([70_000, 2])]).subarray(1);
  expect(unpackIntegers(blob, 2)).toEqual([70_000, 2]);
  expect(() => unpackIntegers(blob.subarray(0, 6), 2)).toThrow('6 bytes');
  expect(() => packIntegers([-1])).toThrow(RangeError);
});

test('a list that the engine did not give stays empty', () => {
  expect(unpackReals(packReals([]), 7)).toEqual([]);
});

test('a trace comes back, with texts that stand in the completion and with texts that do not', () => {
  const boxes = fc.option(
    fc.record({
      text: fc.string(),
      charStart: fc.nat(20),
      charEnd: fc.nat(20),
      tokenStart: fc.nat(9),
      tokenEnd: fc.nat(9),
    }),
  );
  fc.assert(
    fc.property(
      fc.string({ minLength: 0, maxLength: 40 }),
      boxes,
      fc.option(fc.string()),
      fc.nat(40),
      (text, box, other, cut) => {
        const inText = box && { ...box, text: text.slice(box.charStart, box.charEnd) };
        const rest = { format: 1 as const, fallback: false, truncated: true, confidence: 0.1 + 0.2 };
        for (const think of [other, text.slice(cut)]) {
          const trace: Trace = {
            first: inText,
            second: box,
            think,
            ...rest,
            tokens: { first: 1, think: 2, second: 3, total: 4 },
          };
          expect(unpackTrace(packTrace(trace, text), text, trace.confidence)).toEqual(trace);
        }
      },
    ),
  );
});
