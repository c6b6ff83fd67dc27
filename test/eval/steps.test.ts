import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SourceFile, type Span } from '../../base/index.ts';
import { Steps } from '../../eval/steps.ts';

const source = new SourceFile('a.nix', 'x'.repeat(100));
const spans = Array.from({ length: 80 }, (_, start): Span => ({ source, start, end: start + 1 }));
const names = ['f', 'g', 'h'].map((name) => ({ name }));
const text = ({ name }: { name: string }): string => `while calling '${name}'`;

test('steps that are known from before are told as any other, however many and in whatever order', () => {
  const place = fc.record({
    at: fc.nat(spans.length - 1),
    of: fc.nat(names.length - 1),
    times: fc.integer({ min: 1, max: 300 }),
  });
  fc.assert(
    fc.property(fc.array(place, { maxLength: 40 }), (places) => {
      const [plain, known] = [new Steps(), new Steps()];
      for (const { at, of, times } of places) {
        for (let n = 0; n < times; n++) {
          plain.add({ text: text(names[of]!), span: spans[at] });
          known.addOf(names[of]!, spans[at]!, text);
          // Two in turn.
          if (times % 2 === 0) {
            plain.add({ text: text(names[0]!), span: spans[0] });
            known.addOf(names[0]!, spans[0]!, text);
          }
        }
      }
      assert.deepEqual(known.outermostFirst(), plain.outermostFirst());
    }),
  );
});

test('the text of a step is made once, however often the step comes', () => {
  const steps = new Steps();
  let nTexts = 0;
  const counted = (of: { name: string }): string => {
    nTexts++;
    return text(of);
  };
  for (let n = 0; n < 10_000; n++) for (const [at, of] of names.entries()) steps.addOf(of, spans[at]!, counted);
  assert.equal(nTexts, names.length);
});
