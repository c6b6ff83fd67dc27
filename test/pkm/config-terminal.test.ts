/** `pkm config resolve` as a person meets it: on a pseudo-terminal, a key for each conflict. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { project } from '../cli/programs.ts';
import { noTerminal, runInTerminal } from '../cli/pseudo-terminal.ts';
import { Sandbox } from './support.ts';

test('each conflict is shown, and a key settles it', { skip: noTerminal() }, (t) => {
  const box = new Sandbox(t);
  const files = (n: number) => Object.fromEntries(['a', 'b', 'c'].map((name) => [`etc/${name}.conf`, `key = ${n}\n`]));
  box.do((root) => root.install([box.image('p 1', files(1))]));
  for (const name of ['a', 'b', 'c']) box.write(`etc/${name}.conf`, `key = ${name}\n`);
  box.do((root) => root.install([box.image('p 2', files(2))]));
  const run = runInTerminal(
    [join(project, 'bin/pkm'), 'config', 'resolve', '--root', box.root],
    [
      { until: '1 of 3: /etc/a.conf .*-key = a.*key = 2.*quit' },
      { press: 'm', until: '2 of 3: /etc/b.conf.*quit' },
      { press: 'b', until: 'cannot be merged.*2 of 3.*quit' },
      { press: 't', until: '3 of 3: /etc/c.conf.*quit' },
      { press: 's', until: '$' },
    ],
    {
      cwd: project,
      env: {
        PATH: process.env['PATH'] ?? '/usr/bin:/bin',
        HOME: box.base,
        TERM: 'xterm',
        NO_COLOR: '1',
        IGOS_HOME: join(box.base, 'home'),
      },
    },
  );
  assert.equal(run.problem, '', run.screen);
  assert.equal(run.status, 1, 'one is left');
  assert.deepEqual(
    ['a.conf', 'a.conf.new', 'b.conf', 'b.conf.pkmsave', 'c.conf', 'c.conf.new'].map((name) => box.read(`etc/${name}`)),
    ['key = a\n', undefined, 'key = 2\n', 'key = b\n', 'key = c\n', 'key = 2\n'],
  );
});
