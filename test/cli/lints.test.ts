/** `--lint-…`: what is legal and discouraged, ignored, warned of or refused. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programs } from './programs.ts';

test('lints: ignore, warn, fatal, in the text and in what it imports', (t) => {
  const { igos, work } = programs(t, {});
  const eval_ = (...words: string[]) => igos('eval', '--impure', ...words);
  assert.deepEqual(eval_('-E', 'http://x.y'), { status: 0, stdout: '"http://x.y"\n', stderr: '' });
  const warned = eval_('-E', 'http://x.y', '--lint-url-literals', 'warn');
  assert.deepEqual([warned.status, warned.stdout], [0, '"http://x.y"\n']);
  assert.equal(
    warned.stderr,
    [
      'warning: URL literals are discouraged. Consider using a string literal "http://x.y" instead (lint-url-literals)',
      '  ┌─ «string»:1:1',
      '1 │ http://x.y',
      '  │ ^^^^^^^^^^',
      'hint: put it in quotes\n',
    ].join('\n'),
  );
  const file = join(work, 'f.nix');
  writeFileSync(file, '[ a/b ./c /d ]');
  const imported = eval_('-E', `builtins.length (import ${file})`, '--lint-short-path-literals', 'fatal');
  assert.equal(imported.status, 1);
  assert.match(imported.stderr, /^error\[E-LANG-031\]: relative path literal 'a\/b' should be prefixed with '.' for clarity/);
  assert.equal(
    igos('parse', file, '--lint-absolute-path-literals', 'warn').stderr.split('\n')[0]?.startsWith('warning: absolute'),
    true,
  );
  assert.equal(igos('parse', file, '--lint-absolute-path-literals', 'fatal').status, 1);
  assert.equal(eval_('-E', '1', '--lint-url-literals', 'loud').status, 2);
});
