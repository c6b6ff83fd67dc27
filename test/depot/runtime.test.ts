import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemOfRuntime } from '../../depot/index.ts';

test('what Genode can start', () => {
  for (const text of [
    'runtime | ram: 12M | caps: 350 | binary: init | config: wm.config\n+ content\n  + rom | label: wm\n-\n',
    '\nruntime | ram: 8M\n        | caps: 120\n+ requires\n-',
    '<runtime ram="1M" caps="100" binary="x"><requires><timer/></requires></runtime>',
    '<?xml version="1.0"?>\n<!-- <a> -->\n<runtime caps=\'1\' ram="16" binary="a>b"/>\n',
  ]) {
    assert.equal(problemOfRuntime(text), undefined, text);
  }
});

test('what it cannot', () => {
  const wrong: Record<string, RegExp> = {
    '': /empty/,
    'run | ram: 1M | caps: 1\n-': /begins with 'run/,
    'runtime | ram: 1M | caps: 1\n': /no line '-'/,
    'runtime | caps: 1\n-': /'ram' is missing/,
    'runtime | ram: much | caps: 1\n-': /'ram' is missing/,
    'runtime | ram: 1M | caps: 0\n-': /'caps' is missing/,
    '<runtime ram="1M">': /'<runtime>' is not closed/,
    '<runtime ram="1M" caps="1"><a></runtime>': /closes what is not open/,
    '<runtime ram="1M" caps="1"/><runtime/>': /more than one/,
    '<config/>': /begins with '<config/,
    '<runtime ram="1M"/>': /'caps' is missing/,
    '<runtime ram="1M" caps="1" <a/></runtime>': /begins with|no XML|not open/,
  };
  for (const [text, reason] of Object.entries(wrong)) assert.match(problemOfRuntime(text) ?? 'nothing', reason, text);
});
