/** The scripts for bash, zsh and fish, loaded by these and asked as they ask. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { commandsIn } from '../../cli/completions/places.ts';
import { completionScript, SHELLS, type Shell } from '../../cli/shell-completions.ts';
import { writeArchive } from '../../pkm/index.ts';
import { Sandbox } from '../pkm/support.ts';
import { runHere } from './in-process.ts';
import { noTerminal, runInTerminal } from './pseudo-terminal.ts';

const skipOf = (shell: Shell): string | false => (spawnSync(shell, ['-c', 'true']).status === 0 ? false : `no ${shell} here`);

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'igos-completions-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Each asks for `lines`, and writes to `answers` a line of what is offered, with blanks between. */
const ASK: Readonly<Record<Shell, string>> = {
  // As bash splits a line, the last word being completed: `=` and `:` are words of their own.
  bash: `
source "$1/script"
while IFS= read -r line; do
  COMP_LINE=$line COMP_POINT=\${#line}
  line=\${line//=/ = }
  read -ra COMP_WORDS <<<"\${line//:/ : }"
  [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMPREPLY=()
  _\${COMP_WORDS[0]##*/}; echo "\${COMPREPLY[*]}"
done <"$1/lines" >"$1/answers"`,
  // Completion is there for a line that is edited only: zsh makes itself a terminal, and a key asks for all lines.
  zsh: `
zmodload zsh/zpty
cat >"$1/interactive" <<'END'
setopt noautomenu nobeep
autoload -Uz compinit && compinit -u -D
source $folder/script
typeset -ga offered
compadd() {
  local -a some
  if (( ! \${@[(I)-[OAD]*]} )); then builtin compadd -O some "$@"; offered+=($some); fi
  builtin compadd "$@"
}
ask() {
  local line
  while IFS= read -r line; do
    BUFFER=$line CURSOR=\${#line} offered=()
    zle complete-word
    print -r -- $offered
  done <$folder/lines >$folder/answers
  exit
}
zle -N ask && bindkey '^X' ask
print READY
END
zpty shell 'zsh -f -i'
zpty -w shell "folder=\${(q)1}; source \\$folder/interactive"
zpty -r shell shown $'*\\nREADY*'
zpty -w -n shell $'\\x18'
while zpty -r shell shown; do :; done`,
  fish: `
source $argv[1]/script
while read -l line
  echo (complete -C $line | string replace -r '\\t.*' '' | string replace -r '^--?\\w[\\w-]*=' '')
end <$argv[1]/lines >$argv[1]/answers`,
};

function answers(t: TestContext, shell: Shell, lines: readonly string[]): string[] {
  const folder = folderOf(t);
  writeFileSync(join(folder, 'script'), completionScript(shell));
  writeFileSync(join(folder, 'lines'), lines.map((line) => `${line}\n`).join(''));
  writeFileSync(join(folder, 'ask'), ASK[shell]);
  mkdirSync(join(folder, 'trees/one'), { recursive: true });
  writeFileSync(join(folder, 'trees/one/tree.igos'), TREE);
  mkdirSync(join(folder, 'broken'));
  writeFileSync(join(folder, 'broken/a.igos'), 'package whole "1" { }\npackage half "1" { summary = ');
  const env = { ...process.env, PATH: `${PROGRAMS}:${process.env['PATH']}`, HOME: folder };
  const run = spawnSync(shell, [join(folder, 'ask'), folder], { encoding: 'utf8', cwd: folder, timeout: 60_000, env });
  assert.equal(run.stderr, '');
  return readFileSync(join(folder, 'answers'), 'utf8').trimEnd().split('\n');
}

const PROGRAMS = join(import.meta.dirname, '../../bin');
/** Its packages need what is not there: nothing of it can be evaluated. */
const TREE = `package zlib "1" { tier = nowhere; split dev { }; }
package zsh "5" { summary = throw "no"; }
system zoo { packages = [ zlib ]; }
`;

/** Of `TREE#NAME` the name: zsh keeps what is typed, others repeat it. */
const sorted = (words: string): string =>
  words
    .split(' ')
    .map((word) => word.replace(/^.*#/, ''))
    .sort()
    .join(' ');

/** What all of them offer alike. */
const OFFERED: readonly (readonly [string, string])[] = [
  ['igos sto', 'store'],
  ['igos store rebuild', 'rebuild-index'],
  ['igos --json store rebuild', 'rebuild-index'],
  ['igos audit agg', 'aggregate'],
  ['igos audit --by', '--by'],
  ['igos audit aggregate --imp', '--import --impure'],
  ['igos build --log-f', '--log-format'],
  ['igos build --log-format bar-', 'bar-with-logs'],
  ['igos realize --log-format=bar-', 'bar-with-logs'],
  ['igos store graph -f ', 'dot json svg text'],
  ['igos store optimize --qu', '--quiet'],
  ['igos store cat --jso', ''],
  ['igos store list --jso', '--json'],
  ['igos store verify an', ''],
  ['igos realize an', 'answers'],
  ['igos realize --home an', 'answers'],
  ['igos store roots ', 'add list remove'],
  ['igos help pack', 'package'],
  ['igos help real', 'realize'],
  ['igos completions ', 'bash fish zsh'],
  ['pkm rec', 'recover'],
  ['pkm config d', 'diff'],
  ['pkm repair --reb', '--rebuild-database'],
  ['pkm --json li', 'list'],
  ['pkm --root /tmp config re', 'resolve'],
  ['pkm --root=/tmp cache cl', 'clean'],
  ['pkm -r /tmp gc --da', '--days'],
  ['pkm install --archive-trust st', 'strict'],
  ['pkm install --archive-trust=lo', 'loose'],
  ['pkm list --color ', 'always auto never'],
  ['pkm list --color=', 'always auto never'],
  ['pkm mark ', 'dependency explicit'],
  ['igos --home a:b store rebuild', 'rebuild-index'],
  ['igos realize --home=a:b: --log-format=bar-', 'bar-with-logs'],
  ['igos realize trees/one#z', 'zlib zlib-dev zoo zsh'],
  ['igos realize trees/one#zlib-', 'zlib-dev'],
  ['igos realize --jobs 2 ~/trees/one/#zo', 'zoo'],
  ['pkm --root /tmp install trees/one#zs', 'zsh'],
  [`${PROGRAMS}/pkm install trees/one#zs`, 'zsh'],
  ['igos show broken#w', 'whole'],
  ['igos show nowhere#a', ''],
  ['pkm hel', 'help'],
  ['pkm help roll', 'rollback'],
];

for (const shell of SHELLS) {
  test(`${shell} completes commands, verbs, options, their words and those of operands`, { skip: skipOf(shell) }, (t) => {
    const got = answers(
      t,
      shell,
      OFFERED.map(([line]) => line),
    );
    assert.deepEqual(
      OFFERED.map(([line], index) => [line, sorted(got[index] ?? '')]),
      OFFERED.map(([line, words]) => [line, sorted(words)]),
    );
  });

  test(`${shell} offers every command and every long option`, { skip: skipOf(shell) }, (t) => {
    const wanted = (['igos', 'pkm'] as const).flatMap((program) =>
      commandsIn(program).flatMap(({ name, options }) => [
        ...[name, ...options.map(({ long }) => `${name} --${long}`)].map((words) => [program, words] as const),
      ]),
    );
    const got = answers(
      t,
      shell,
      wanted.map(([program, words]) => `${program} ${words}`),
    );
    assert.deepEqual(
      wanted.filter(([, words], index) => !got[index]!.split(' ').includes(words.split(' ').at(-1)!)),
      [],
    );
  });
}

for (const shell of SHELLS) {
  test(`${shell} completes names of installed packages, of the root that is named`, { skip: skipOf(shell) }, async (t) => {
    const folder = folderOf(t);
    const box = new Sandbox(undefined, folder);
    const root = join(folder, 'a');
    for (const name of ['one', 'other', 'two']) {
      const file = join(folder, `${name}.igos.tar.gz`);
      await writeArchive(box.image(`${name} 1`, { [`usr/share/${name}`]: name }), file);
      const { status, stderr } = await runHere('pkm', ['install', '--root', root, '--archive-trust', 'loose', '--archive', file]);
      assert.equal(status, 0, stderr);
    }
    const offered = [
      [`pkm --root ${root} remove o`, 'one other'],
      [`pkm --root=${root} info tw`, 'two'],
      [`${PROGRAMS}/pkm hold -r ${root} one ot`, 'other'],
      [`pkm upgrade --root ${root} two`, 'two'],
      [`pkm mark --root ${root} explicit on`, 'one'],
      [`pkm --root ${root}/none remove o`, ''],
      ['pkm --root /dev/null remove o', ''],
    ] as const;
    const lines = offered.map(([line]) => line);
    const got = answers(t, shell, lines);
    assert.deepEqual(
      lines.map((line, index) => [line, sorted(got[index] ?? '')]),
      offered.map(([line, words]) => [line, words]),
    );
  });
}

/** How a shell is started at a terminal without what its user has set, and what it is told first. */
const INTERACTIVE: Readonly<Record<Shell, { readonly start: readonly string[]; readonly set: string }>> = {
  bash: { start: ['bash', '--norc', '--noprofile', '-i'], set: 'igos() { printf "<%s>" "$@"; echo; }' },
  zsh: { start: ['zsh', '-f', '-i'], set: 'autoload -Uz compinit; compinit -u -D; igos() { printf "<%s>" "$@"; echo; }' },
  fish: { start: ['fish', '--no-config', '-i'], set: 'function igos; printf "<%s>" $argv; echo; end' },
};

for (const shell of SHELLS) {
  test(`at a terminal ${shell} writes names of files such that they arrive as they are`, {
    skip: skipOf(shell) || noTerminal(),
  }, (t) => {
    const folder = folderOf(t);
    const names = ['$(touch made)', "it's mine", 'my tree', 'plain', 'st*r', 'x#y', 'co:lon', '"quoted"'];
    for (const name of names) writeFileSync(join(folder, name), '');
    mkdirSync(join(folder, 'de:p'));
    writeFileSync(join(folder, 'de:p/in me'), '');
    mkdirSync(join(folder, 'a wood'));
    for (const tree of ['de:p', 'a wood']) writeFileSync(join(folder, tree, 't.igos'), TREE);
    const script = join(folderOf(t), 'script');
    writeFileSync(script, completionScript(shell));
    const begin: Readonly<Record<string, string>> = { '$(touch made)': '\\$', '"quoted"': '\\"' };
    const typed = [
      ...names.map((name) => [begin[name] ?? name.slice(0, 2), name]),
      ['co:l', 'co:lon'],
      ['de:p/i', 'de:p/in me'],
      ['de:p#zs', 'de:p#zsh'],
      ['a\\ wood#zs', 'a wood#zsh'],
    ];
    const { start, set } = INTERACTIVE[shell];
    const found = spawnSync('bash', ['-c', `command -v ${shell}`], { encoding: 'utf8' }).stdout.trim();
    const escaped = (name: string): string => name.replaceAll(/[$()*"]/g, '\\$&');
    const { problem, screen } = runInTerminal(
      [found, ...start.slice(1)],
      [
        { press: `${set}; source ${script}; printf 'rea%s' dy\n`, waitMs: 500, until: 'ready' },
        ...typed.map(([begun = '', name = '']) => ({
          waitMs: 200,
          press: `igos realize ${begun}\t\n`,
          until: `<realize><${escaped(name)}>`,
        })),
        { press: 'exit\n', waitMs: 200, until: 'exit' },
      ],
      {
        cwd: folder,
        env: { PATH: `${PROGRAMS}:${process.env['PATH']}`, TERM: 'vt100', HOME: folder, LC_ALL: 'C.UTF-8' },
        seconds: 20,
      },
    );
    assert.equal(problem, '', screen);
    assert.deepEqual(new Set(readdirSync(folder).filter((name) => !name.startsWith('.'))), new Set([...names, 'de:p', 'a wood']));
  });
}

test('where bash cannot write names of files itself, they are taken as they are', { skip: skipOf('bash') }, (t) => {
  const folder = folderOf(t);
  const names = ['$(touch made)', "it's mine", 'my tree', 'plain', 'st*r'];
  for (const name of names) writeFileSync(join(folder, name), '');
  const ask =
    'COMP_WORDS=(igos realize ""); COMP_CWORD=2; COMP_LINE="igos realize "; COMP_POINT=13; _igos; printf "%s\\n" "${COMPREPLY[@]}"; echo $-';
  const run = spawnSync('bash', ['-c', `${completionScript('bash')}${ask}`], { cwd: folder, encoding: 'utf8' });
  const lines = run.stdout.trimEnd().split('\n');
  assert.doesNotMatch(lines.pop()!, /f/, 'globbing is on again');
  assert.deepEqual(new Set(lines), new Set(names), run.stderr);
  assert.deepEqual(new Set(readdirSync(folder)), new Set(names));
});

test('zsh finds the script as a file of its search path', { skip: skipOf('zsh') }, (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, '_igos'), completionScript('zsh'));
  const ask = 'fpath=($1 $fpath); autoload -Uz compinit; compinit -u -D; print $_comps[igos] $_comps[pkm]';
  const run = spawnSync('zsh', ['-f', '-c', ask, 'zsh', folder], { encoding: 'utf8' });
  assert.equal(run.stdout, '_igos _igos\n', run.stderr);
});
