import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, renderFault, SourceFile, textToBytes } from '../../base/index.ts';
import { golden } from '../golden.ts';

const source = new SourceFile('examples/hello.igos', textToBytes('let\n  p = { name = "zażółć"; };\nin\n  p.nmae + "ą"\n'));
const at = (text: string) => {
  const start = source.text.indexOf(textToBytes(text));
  return { source, start, end: start + textToBytes(text).length };
};

test('an error has header, excerpts, notes, trace and hints', (t) => {
  const fault = new Fault('E-TEST-001', "attribute 'nmae' missing", {
    labels: [
      { ...at('nmae'), text: 'not in this set' },
      { ...at('{ name = "zażółć"; }'), text: 'the set is defined here' },
    ],
    notes: ['it has: name'],
    hints: ["did you mean 'name'?"],
    trace: [{ text: 'while building the source of package p', span: at('p.nmae') }],
  });
  golden(t, 'base/render-full.txt', renderFault(fault));
});

test('a label after non-ASCII text is underlined at the right column', (t) => {
  golden(
    t,
    'base/render-unicode.txt',
    renderFault(new Fault('E-TEST-002', 'bad letter', { labels: [{ ...at('"ą"'), text: '' }] })),
  );
});

test('a label over several lines is underlined to the end of its first line', (t) => {
  const whole = { source, start: 0, end: source.text.length };
  golden(
    t,
    'base/render-multiline.txt',
    renderFault(new Fault('E-TEST-003', 'all of it', { labels: [{ ...whole, text: 'from here' }] })),
  );
});

test('a label at the very end of a file, and in an empty file', (t) => {
  const end = { source, start: source.text.length, end: source.text.length };
  const empty = { source: new SourceFile('empty.nix', ''), start: 0, end: 0 };
  const fault = new Fault('E-TEST-004', 'unexpected end of file', {
    labels: [
      { ...end, text: '' },
      { ...empty, text: 'nothing here' },
    ],
  });
  golden(t, 'base/render-end.txt', renderFault(fault));
});

test('a long trace is cut in the middle, a cause is shown', (t) => {
  const cause = new Fault('E-TEST-005', 'the deeper reason', { hints: ['look deeper'] });
  const trace = Array.from({ length: 12 }, (_, index) => ({ text: `step ${index}` }));
  golden(t, 'base/render-trace.txt', renderFault(new Fault('E-TEST-006', 'it failed', { trace, cause })));
});

test('a long line is cut around the place; control characters cannot reach the terminal', (t) => {
  const long = new SourceFile('min.nix', `${'a '.repeat(5000)}\u001b[31mhere\u0007${' b'.repeat(5000)}`);
  const start = long.text.indexOf('here');
  const fault = new Fault('E-TEST-007', 'bad name \u001b[2J', {
    labels: [{ source: long, start, end: start + 4, text: '' }],
    notes: ['a\u0000b'],
  });
  golden(t, 'base/render-hostile.txt', renderFault(fault));
});

test('a cut trace keeps the steps that are to be seen, and says how often a step repeats', (t) => {
  const trace = Array.from({ length: 12 }, (_, index) => ({
    text: `step ${index}`,
    ...(index % 4 === 2 ? { isKey: true } : {}),
    ...(index === 11 ? { times: 3 } : {}),
  }));
  golden(t, 'base/render-trace-keys.txt', renderFault(new Fault('E-TEST-007', 'it failed', { trace })));
});

test('colours of a message end with it where there is colour, and fall out where there is none', () => {
  const fault = new Fault('E-TEST-008', 'a \u001b[1;35mwarm\u001b[K word', {
    notes: ['\u001b[1mbold'],
    hints: ['\u001b[2Jcleared'],
    trace: [{ text: 'while \u001b[3mleaning' }],
  });
  const plain = renderFault(fault);
  assert.equal(plain, 'error[E-TEST-008]: a warm word\nnote: bold\n… while leaning\nhint: \u241b[2Jcleared\n');
  const coloured = renderFault(fault, { color: true });
  assert.ok(coloured.includes('a \u001b[1;35mwarm\u241b[K word\u001b[0m'), JSON.stringify(coloured));
  assert.ok(coloured.includes('while \u001b[3mleaning\u001b[0m'), JSON.stringify(coloured));
});
