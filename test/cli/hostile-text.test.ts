/** Names, messages and values of others hold whatever they like: on a terminal none of it does more than to show. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault, printable, renderFault, SourceFile, textToBytes } from '../../base/index.ts';
import { Output } from '../../cli/output.ts';
import { programs, project } from './programs.ts';
import { noTerminal, runInTerminal } from './pseudo-terminal.ts';

/** Sets the title of the window, with a bell; C1's way to begin it; the way back over the line; what follows from right to left. */
const EVIL = '\x1b]0;evil\x07\x9b2J\b\r\u202e\u2066';
const isHarmless = (text: string): boolean => printable(text) === text;

test('what is said on stderr drives no terminal, whoever wrote its parts', (t) => {
  const { igos, pkm, work } = programs(t);
  const folder = join(work, `of ${EVIL}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.nix'), '{ a = 1 }');
  const text = JSON.stringify('\u0007').replace('\\u0007', EVIL);
  const runs = {
    'an unknown command': igos(EVIL),
    'an unknown option': igos('eval', `--${EVIL}`),
    'a file that is not there': igos('fmt', join(folder, EVIL)),
    'the place of an error': igos('fmt', folder),
    'a trace': igos('eval', '--expr', `builtins.trace ${text} 1`),
    'a warning': igos('eval', '--expr', `builtins.warn ${text} 1`),
    'what is thrown': igos('eval', '--expr', `throw ${text}`),
    'a package': pkm('info', EVIL),
    'a root': pkm('--root', join(folder, 'none'), 'list'),
  };
  for (const [what, { stderr, status }] of Object.entries(runs)) {
    assert.notEqual(stderr, '', what);
    assert.notEqual(status, 70, `${what}: ${stderr}`);
    assert.ok(isHarmless(stderr), `${what}: ${JSON.stringify(stderr)}`);
  }
});

test('a place is one line, whatever its file is called', () => {
  const source = new SourceFile(`a\nerror: all is lost${EVIL}.nix`, textToBytes('{ }'));
  const fault = new Fault('E-TEST-001', 'bad', {
    labels: [{ source, start: 0, end: 1, text: EVIL }],
    trace: [{ text: 'while reading', span: { source, start: 0, end: 1 } }],
  });
  const text = renderFault(fault);
  assert.ok(isHarmless(text), JSON.stringify(text));
  assert.equal(text.split('\n').filter((line) => line.startsWith('error')).length, 1, text);
});

test('text in any script is shown as it is, but for what turns the direction of writing', () => {
  const names = 'naïve \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 日本 👩\u200d💻 a\u200fb\n\t';
  assert.equal(printable(names), names);
  assert.equal(
    printable('\u202aa\u202b\u202c\u202d\u202e\u2066b\u2067\u2068\u2069'),
    '\ufffda\ufffd\ufffd\ufffd\ufffd\ufffdb\ufffd\ufffd\ufffd',
  );
});

test('colours stay in what is said, and nothing else', () => {
  const chunks: string[] = [];
  const out = new Output(true, (_, data) => chunks.push(data.toString('utf8')));
  out.talk(`\x1b[1;31merror\x1b[0m: \x1b[2Ja\x1b[999999999999999999999999999999999999999999999m${EVIL}`);
  out.interceptTalk = (line) => chunks.push(line);
  out.talk(EVIL);
  const [said, handed] = chunks;
  assert.ok(said!.startsWith('\x1b[1;31merror\x1b[0m: \u241b[2Ja\u241b['), JSON.stringify(said));
  assert.ok(isHarmless(said!.replaceAll(/\x1b\[(1;31|0)m/g, '')), JSON.stringify(said));
  assert.ok(isHarmless(handed!), JSON.stringify(handed));
});

test('colours of a trace, a warning and a message fall out of a pipe', (t) => {
  const { work, igos } = programs(t);
  const file = join(work, 'c.nix');
  writeFileSync(file, 'builtins.trace "\x1b[31mred\x1b[0m" (builtins.warn "\x1b[1mbold" (throw "\x1b[1;35mwarm"))');
  const { stderr } = igos('eval', file);
  assert.match(stderr, /^trace: red\nevaluation warning: bold\nerror\[E-EVAL-009\]: warm\n/);
});

test('values on a terminal show their control characters; a pipe gets the bytes', { skip: noTerminal() }, (t) => {
  const { work, igos } = programs(t);
  const value = `"a\x1b]0;evil\x07b\x7f"`;
  writeFileSync(join(work, 'v.nix'), value);
  assert.equal(igos('eval', '--raw', '--impure', '--expr', `import ${join(work, 'v.nix')}`).stdout, 'a\x1b]0;evil\x07b\x7f');
  const forms = [
    ['eval', '--expr', value],
    ['eval', '--json', '--expr', value],
    ['eval', '--xml', '--expr', value],
    ['parse', '--expr', value],
    // and again: what is remembered was printed on a terminal too
    ['eval', '--expr', value],
  ];
  for (const words of forms) {
    const { screen, problem } = runInTerminal([join(project, 'bin/igos'), ...words], [{ until: 'b' }], {
      cwd: project,
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: work, TERM: 'xterm', IGOS_HOME: join(work, 'home') },
    });
    assert.equal(problem, '', screen);
    assert.ok(isHarmless(screen.replaceAll('\r\n', '\n')), `${words.join(' ')}: ${JSON.stringify(screen)}`);
  }
});
