/** The scanner against bash: what it takes for a function's body, bash takes for the same function. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { replaceCode, scanShell } from '../../import/shell-scan.ts';
import { dedent, readShellScript } from '../../import/shell-script.ts';
import { simpleCommands } from '../../import/simple-commands.ts';

const skip = spawnSync('bash', ['-c', 'true']).status === 0 ? false : 'no bash here';

/** What bash prints of functions, one after the other. */
function declared(script: string, names: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `${script}\ndeclare -f ${names.join(' ')}`], { encoding: 'utf8' });
  assert.equal(status, 0, `${stderr}\n${script}`);
  return stdout;
}

/** Each opens and closes what it opens; some hold what looks like the end of a function. */
const STATEMENTS = [
  'echo plain',
  "sed -e 's/{/}/' -e \"s/'/x/\" file",
  'cat <<EOF\n}\ntext $(echo "inner )") ${HOME}\nEOF',
  "cat <<'EOF' | tr a b\n}\n$(not run\nEOF",
  'cat <<-"END"\n\t\tdata\n}\n\tEND',
  'a=$(cat <<X\n)\n}\nX\n)',
  'echo "a \\" b $(echo "c $(echo d)") e"',
  "echo $'it\\'s {' '}'",
  'echo "several\n    lines\n}"',
  'echo $((1 << 2)) $(( (3 + 4) * 2 ))',
  'if [ -n "${x#\\}}" ]; then\n    echo y # a } in a comment\'s text\nfi',
  'case $x in\n    a) echo 1 ;;\n    *) echo "}" ;;\nesac',
  'for f in {a,b}; do\n    { echo "$f"; }\ndone',
  'cat <<<"here string }"',
  'echo `date +"%s"` "${x:-`echo "}"`}"',
  "y=\"${x:-'}' '{'}\"",
  'y=${x:-"}"\'}\'}',
  'echo a#b $# ${#x}',
  'ls \\\n    -l \\\n    file',
];
const indented = (text: string): string => text.replace(/^(?!\}|EOF|\t|X|\)|text|\$\(not|END)(.+)$/gm, '    $1');

test('bodies are what bash takes for them, whole and without their indentation', { skip }, () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.constantFrom(...STATEMENTS), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      (bodies, isIndented) => {
        const functions = bodies.map((body, index) => {
          const text = body.join('\n');
          return `# about ${index}\nf${index}() {\n${isIndented && !/"several|<<|=\$\(cat/.test(text) ? indented(text) : text}\n}\n`;
        });
        const script = `#!/bin/bash\n# head\n\nV=1\n${functions.join('\n')}`;
        const read = readShellScript(script);
        assert.equal(read.problem, undefined, script);
        assert.equal(read.header, '# head');
        assert.deepEqual(read.statements, ['V=1']);
        const names = bodies.map((_, index) => `f${index}`);
        assert.deepEqual(
          read.functions.map(({ name }) => name),
          names,
        );
        const again = (change: (body: string) => string): string =>
          declared(read.functions.map(({ name, body }) => `${name}() {\n${change(body)}\n}`).join('\n'), names);
        const expected = declared(script, names);
        assert.equal(
          again((body) => body),
          expected,
        );
        assert.equal(again(dedent), expected);
      },
    ),
    { numRuns: 40 },
  );
});

test('a script that cannot be taken apart says why', () => {
  assert.match(readShellScript('f() {\n  echo "open\n}\n').problem!, /does not end/);
  assert.match(readShellScript('f() {\n  echo a\n  }\n').problem!, /'f' has no '}' at the start of a line/);
  assert.match(readShellScript('f() {\n:\n}\nf() {\n:\n}\n').problem!, /defined twice/);
  assert.match(readShellScript('cat <<EOF\nno end\n').problem!, /does not end/);
  assert.equal(readShellScript('f() { echo one; }\nfunction g() {\n:\n}\nh()\n{\n:\n}\n').problem, undefined);
  assert.deepEqual(
    readShellScript('f() { echo one; }\nfunction g() {\n:\n}\nh()\n{\n:\n}\n').functions.map(({ name, body }) => [name, body]),
    [
      ['f', 'echo one'],
      ['g', ':'],
      ['h', ':'],
    ],
  );
});

test('variables are replaced where the shell would, and nowhere else', () => {
  const text = `echo $X '$X' "$X" # $X\ncat <<'E'\n$X\nE\ncat <<E\n$X\nE\n`;
  assert.equal(
    replaceCode(text, scanShell(text), /\$X/g, () => 'y'),
    `echo y '$X' "y" # $X\ncat <<'E'\n$X\nE\ncat <<E\ny\nE\n`,
  );
});

test('plain commands are words, and anything more is none', () => {
  assert.deepEqual(simpleCommands('./configure --prefix=/usr \\\n  --with="a b" # why\n'), [
    ['./configure', '--prefix=/usr', '--with=a b'],
  ]);
  for (const text of ['a | b', 'a > b', 'a; b', 'a $(b)', 'a $OTHER', 'a {b,c}', 'a *', 'a "x\\"y"', 'a &', '~/x']) {
    assert.equal(simpleCommands(text), undefined, text);
  }
});
