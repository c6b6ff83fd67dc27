/** What is drawn on terminals of few columns stays readable, and what stays on the screen is not broken where it ends. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { helpLines } from '../../cli/config-choice.ts';
import { activityLines } from '../../cli/progress/activity-lines.ts';
import type { Activity } from '../../cli/progress/model.ts';
import { project } from './programs.ts';
import { noTerminal, runInTerminal } from './pseudo-terminal.ts';

const COPY: Activity = {
  id: '1',
  title: 'copying /igos/store/nh8iydpsqb7k8f8dy7a9xy6x4wv3q5hs-a-package-1.0',
  startedMs: 0,
  detail: 'https://cache.example.org/nar/nh8iydpsqb7k8f8dy7a9xy6x4wv3q5hs.nar.xz',
  doneBytes: 3 << 20,
  totalBytes: 10 << 20,
};

test('a copy is one line that says what, how long and how far', () => {
  const drawn = (columns: number, rows = 24, activities: readonly Activity[] = [COPY]): string[] =>
    activityLines(activities, 1200, { columns, rows }).map(({ title, rest }) => `* ${title}  ${rest}`.slice(0, columns));
  assert.deepEqual(drawn(120), [
    '* copying /igos/store/nh8iydpsqb7k8f8dy7a9xy6x4wv3q5hs-a-package-1.0  1.2s 3.0 MiB of 10 MiB https://cache.example.org/n',
  ]);
  assert.deepEqual(drawn(80), ['* copying /igos/store/nh8iyd…9xy6x4wv3q5hs-a-package-1.0  1.2s 3.0 MiB of 10 MiB']);
  assert.deepEqual(drawn(40), ['* copying /igos…-a-package-1.0  1.2s 30%']);
  assert.deepEqual(drawn(20), ['* cop…-1.0  1.2s 30%']);
  for (let columns = 1; columns < 20; columns++) assert.equal(drawn(columns).length, 1);
  const many = Array.from({ length: 9 }, (_, n) => ({ ...COPY, id: String(n), title: `copying ${n}` }));
  assert.equal(drawn(40, 6, many).length, 3);
  assert.match(drawn(40, 6, many).at(-1)!, /and 7 more/);
});

test('a key and what it does are in one line', () => {
  assert.deepEqual(helpLines(100), ["[m] keep mine  [t] take the package's  [b] both, merged  [e] edit  [s] skip  [q] quit"]);
  for (const columns of [80, 40, 24]) {
    const lines = helpLines(columns);
    assert.ok(
      lines.every((line) => line.length <= columns && /^\[.\] .*\w$/.test(line)),
      lines.join('\n'),
    );
    assert.equal(lines.join('  '), helpLines(100)[0]);
  }
});

test('a line that stays is written as it is', { skip: noTerminal() }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-narrow-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = (name: string): string => JSON.stringify(pathToFileURL(join(project, 'cli', name)).href);
  const note = `look at https://example.org/${'a-long-path/'.repeat(10)}end`;
  writeFileSync(
    join(folder, 'draw.ts'),
    `import { Output } from ${file('output.ts')};
    import { liveProgress } from ${file('progress/live.ts')};
    const progress = liveProgress(new Output(false), { jobs: 1, hasLogs: false });
    progress.start('1', 'copying something');
    for (const last of ['first', 'second']) progress.note(${JSON.stringify(note)} + last);
    setTimeout(() => {
      progress.note('third');
      progress.stop();
      console.log('ready');
    }, 500);`,
  );
  const command = ['/bin/sh', '-c', 'stty cols 40; exec "$0" "$1"', process.execPath, join(folder, 'draw.ts')] as const;
  const { screen, problem } = runInTerminal(command, [{ until: 'ready' }], {
    cwd: project,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: folder, TERM: 'xterm', NO_COLOR: '1' },
  });
  assert.equal(problem, '', screen);
  const stayed = screen.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
  for (const line of [`${note}first\r\n${note}second\r\n`, 'copying something', 'third\r\n'])
    assert.ok(stayed.includes(line), stayed);
});
