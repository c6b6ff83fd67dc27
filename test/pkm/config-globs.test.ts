import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { configMatcher } from '../../pkm/config-globs.ts';

/** The same as a regular expression: right, and slow on hostile globs. */
function reference(glob: string): RegExp {
  const trimmed = glob.replace(/^\/+/, '');
  const text = trimmed.endsWith('/') ? `${trimmed}**` : trimmed;
  const body = text.replace(/\*\*\/?|\*|\?|[.+^${}()|[\]\\]/g, (token) => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    return token === '?' ? '[^/]' : `\\${token}`;
  });
  return new RegExp(`^${body}$`, 's');
}

test('property: globs match what the regular expression matches', () => {
  const glob = fc
    .array(fc.constantFrom('a', 'b', '.', '/', '*', '?', '**', '**/'), { maxLength: 7 })
    .map((parts) => parts.join(''));
  const path = fc.array(fc.constantFrom('a', 'b', '.', '/', 'é'), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(glob, path, (one, name) => {
      assert.equal(configMatcher([one])(name), reference(one).test(name), `${one} ${name}`);
    }),
    { numRuns: 3000 },
  );
});

test('hostile: globs of many stars take no time', () => {
  const started = process.threadCpuUsage().user;
  for (const glob of ['**/'.repeat(40), `${'*a'.repeat(60)}b`, '**'.repeat(60), `${'**/a'.repeat(30)}/b`])
    assert.equal(configMatcher([glob])('a/'.repeat(1500)), /^\**$/.test(glob) || glob === '**/'.repeat(40));
  assert.ok(process.threadCpuUsage().user - started < 2_000_000);
});
