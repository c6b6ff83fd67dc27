import assert from 'node:assert/strict';
import { closeSync, existsSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import koffi from 'koffi';
import { compareBytes, parentOf, textToBytes } from '../../base/index.ts';
import { type BuildEvent, BuildFault, realize } from '../../builder/index.ts';
import { runSandboxed } from '../../builder/sandbox.ts';
import { Workspace } from '../../builder/workspace.ts';
import type { ObjectStore, StorePath } from '../../store/index.ts';
import { addDerivation, needsSandbox, rootOf, temporaryStore, toolsLayer } from './support.ts';

/** Builds a script in a composed root with these tools; gives what it wrote to $out. */
async function runComposed(
  t: TestContext,
  script: string,
  options: { tools?: string[]; env?: Record<string, string>; sources?: StorePath[]; store?: ObjectStore } = {},
) {
  const store = options.store ?? temporaryStore(t);
  const layer = toolsLayer(store, ...(options.tools ?? ['cat', 'ls', 'id', 'mkdir']));
  const igosRoot = rootOf({ name: 'host', path: layer });
  const sources = [layer, ...(options.sources ?? [])];
  const drvPath = addDerivation(store, { name: 'probe', script, env: { igosRoot, ...options.env }, sources });
  const result = await realize(store, [{ drvPath, outputs: [] }]);
  const path = result.outputs.get(drvPath)!.get('out')!;
  return {
    store,
    drvPath,
    layer,
    path,
    text: statSync(store.toReal(path)).isFile() ? readFileSync(store.toReal(path), 'utf8') : '',
  };
}

test('a build is user 1000, on a host of its own, in /build, with nothing of the environment', async (t) => {
  if (!needsSandbox(t)) return;
  process.env['IGOS_TEST_LEAK'] = 'leaked';
  t.after(() => delete process.env['IGOS_TEST_LEAK']);
  const { text } = await runComposed(t, '{ id; cat /proc/sys/kernel/hostname; pwd; umask; ulimit -s; export -p; } > $out');
  assert.match(text, /^uid=1000\(builder\) gid=100\(users\) groups=100\(users\)\nbuild\n\/build\n0022\n8192\n/);
  assert.doesNotMatch(text, /leaked|igosRoot/);
  for (const expected of [
    "HOME='/homeless-shelter'",
    "PATH='/usr/bin:/usr/sbin'",
    "SOURCE_DATE_EPOCH='315619200'",
    "TZ='UTC'",
    "LC_ALL='C'",
  ])
    assert.ok(text.includes(expected), `${expected} in ${text}`);
});

test('a layer that is no input is not seen, though it is in the store', async (t) => {
  const store = temporaryStore(t);
  const igosRoot = rootOf({ name: 'host', path: toolsLayer(store) });
  const drvPath = addDerivation(store, { name: 'undeclared', env: { igosRoot } });
  await assert.rejects(realize(store, [{ drvPath, outputs: [] }]), {
    code: 'E-BUILD-008',
    message: /'host' \(.*\) is no input$/,
  });
});

test('a build sees no other path, process, network or descriptor of the machine', async (t) => {
  if (!needsSandbox(t)) return;
  const initRoot = '/proc/1/root';
  const script = `{ echo root: /*; echo home: /home/* /var/* ${process.cwd()}*; echo procs: /proc/[0-9]*; cat /proc/net/dev | { read a; read b; while read name rest; do echo "net: $name"; done; }; echo fds: /proc/self/fd/*; ls ${initRoot}/ 2>&1 || :; } > $out`;
  const { text } = await runComposed(t, script);
  const line = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1];
  assert.equal(line('root'), '/bin /build /dev /etc /igos /lib /lib64 /proc /sbin /tmp /usr');
  assert.equal(line('home'), `/home/* /var/* ${process.cwd()}*`);
  assert.ok(line('procs')!.split(' ').length <= 6, line('procs'));
  assert.equal([...text.matchAll(/^net: (.*)$/gm)].map((match) => match[1]).join(' '), 'lo:');
  // 3 is the folder being listed, 10 the shell's own stdout while it is redirected.
  assert.deepEqual(
    line('fds')!
      .split(' ')
      .filter((fd) => !['0', '1', '2', '3', '10'].includes(fd.split('/').at(-1)!)),
    [],
  );
  assert.ok(text.includes(`${initRoot}/': Permission denied`), text);
});

test('the store, the layers and the other inputs cannot be written', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const [source] = store.addTexts([{ name: 'source', text: 'original', references: [] }]);
  const script = `for f in $src $src/x /usr/bin/cat /etc/passwd /usr/new /proc/sys/kernel/hostname; do
    if (echo spoiled > $f) 2>/dev/null; then echo "wrote $f"; else echo "refused"; fi; done > $out`;
  const { text } = await runComposed(t, script, { store, sources: [source!], env: { src: source! } });
  if (process.getuid?.() === 0) assert.equal(text, 'refused\n'.repeat(6));
  assert.equal(readFileSync(store.toReal(source!), 'utf8'), 'original');
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('sources are seen under the store folder, layers are not', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const [source] = store.addTexts([{ name: 'source', text: 'content of the source', references: [] }]);
  const { text } = await runComposed(t, 'ls /igos/store > listing; { cat $src; echo; cat listing; } > $out', {
    store,
    sources: [source!],
    env: { src: source! },
  });
  assert.equal(text, `content of the source\n${source!.split('/').at(-1)}\n`);
});

test('what is left running is killed with the build', async (t) => {
  if (!needsSandbox(t)) return;
  const before = performance.now();
  const { text } = await runComposed(
    t,
    '(sleep 600; echo late) & (sleep 601 < /dev/null > /dev/null 2>&1 &) ; echo done > $out',
    {
      tools: ['sleep'],
    },
  );
  assert.equal(text, 'done\n');
  assert.ok(performance.now() - before < 300_000);
});

test('the umask of the user is not seen by a build, and is not in its way', async (t) => {
  if (!needsSandbox(t)) return;
  const script = 'stat -c "%a" / /etc /etc/passwd /build /igos/store "$givenPath" > $out; . "$givenPath"';
  const env = { given: ':', passAsFile: 'given' };
  const { text: usual } = await runComposed(t, script, { tools: ['stat'], env });
  const before = process.umask(0o077);
  try {
    const { text } = await runComposed(t, script, { tools: ['stat'], env });
    assert.equal(text, usual);
  } finally {
    process.umask(before);
  }
});

test('variables of the loader reach the build and nothing before it', async (t) => {
  if (!needsSandbox(t)) return;
  const env = { LD_PRELOAD: '/nowhere/evil.so', LD_LIBRARY_PATH: "/it's here", 'odd.name': 'x' };
  const { text } = await runComposed(t, 'echo "$LD_PRELOAD $LD_LIBRARY_PATH" > $out', { env });
  assert.equal(text, "/nowhere/evil.so /it's here\n");
});

test('bytes that are not UTF-8 pass unchanged', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const drvPath = addDerivation(store, {
    name: 'bytes',
    script: 'printf %s "$text" > $out',
    env: { text: '\xff\xfe caf\xe9 \x01' },
  });
  const result = await realize(store, [{ drvPath, outputs: [] }]);
  assert.deepEqual(
    readFileSync(store.toReal(result.outputs.get(drvPath)!.get('out')!)),
    Buffer.from('\xff\xfe caf\xe9 \x01', 'latin1'),
  );
});

test('texts of any size are passed as files, and .attrs.json as declared', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const big = 'x'.repeat(300_000);
  const asFile = addDerivation(store, {
    name: 'as-file',
    script: '. "$scriptPath"',
    env: { script: `: ${big}\necho "$PWD" > $out`, passAsFile: 'script' },
  });
  const __json = JSON.stringify({
    name: 'structured',
    outputs: ['out'],
    list: ["it's", 'b'],
    set: { k: 'v' },
    n: 3,
    yes: true,
    none: null,
    deep: { a: ['x'] },
  });
  const copy = 'copy() { while read -r line || [ -n "$line" ]; do echo "$line"; done; }';
  const out =
    'while read -r line; do case $line in "declare -A outputs"*) line=${line##*]=}; eval "out=${line%%)*}" ;; esac; done < $NIX_ATTRS_SH_FILE';
  const script = `${copy}; ${out}; { copy < $NIX_ATTRS_SH_FILE; copy < $NIX_ATTRS_JSON_FILE; } > $out`;
  const structured = addDerivation(store, { name: 'structured', script, env: { __json } });
  const result = await realize(
    store,
    [asFile, structured].map((drvPath) => ({ drvPath, outputs: [] })),
  );
  const read = (drvPath: StorePath) => readFileSync(store.toReal(result.outputs.get(drvPath)!.get('out')!), 'utf8');
  assert.equal(read(asFile), '/build\n');
  for (const line of [
    "declare -a list=('it'\\''s' 'b' )",
    "declare -A set=(['k']='v' )",
    'declare n=3',
    'declare yes=1',
    "declare none=''",
  ])
    assert.ok(read(structured).includes(`${line}\n`), line);
  const json = JSON.parse(read(structured).trimEnd().split('\n').at(-1)!) as Record<string, unknown>;
  assert.deepEqual({ ...json, outputs: {} }, { ...(JSON.parse(__json) as object), outputs: {} });
});

test('an undeclared tool is not there, and the failure names it', async (t) => {
  if (!needsSandbox(t)) return;
  await assert.rejects(runComposed(t, 'echo "@igos phase build" >&2; tac /etc/passwd > $out'), (error) => {
    assert.ok(error instanceof BuildFault);
    assert.equal(error.code, 'E-BUILD-001');
    assert.match(error.message, /the build of 'probe' failed with exit status 127 in phase 'build'/);
    assert.ok(
      error.hints.some((hint) => hint.includes("no 'tac'") && hint.includes('build = [')),
      error.hints.join('\n'),
    );
    assert.ok(error.hints.some((hint) => hint.includes('igos log')));
    return true;
  });
});

test('a plain build has /bin/sh and its inputs', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const input = addDerivation(store, { name: 'input', kind: 'input-addressed', script: 'echo from-input > $out' });
  const inputPath = store.readDerivation(input).outputs.get('out') as { path: StorePath };
  const drvPath = addDerivation(store, {
    name: 'plain',
    kind: 'input-addressed',
    inputs: [{ drvPath: input }],
    script: `read text < ${inputPath.path}; echo "$text" /igos/store/* /bin/* /usr/bin/* $PATH $out > $out`,
  });
  const result = await realize(store, [{ drvPath, outputs: ['out'] }]);
  const out = result.outputs.get(drvPath)!.get('out')!;
  assert.match(
    readFileSync(store.toReal(out), 'utf8'),
    new RegExp(`^from-input ${inputPath.path} /bin/\\S*sh.* /path-not-set ${out}\n$`),
  );
  assert.deepEqual(store.info(out)!.references, [inputPath.path, out].sort(compareBytes));
  assert.equal(store.info(out)!.deriver, drvPath);
});

test('a build whose output cannot be read any more is ended before that is told', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const layer = toolsLayer(store, 'sleep');
  const env = { igosRoot: rootOf({ name: 'host', path: layer }) };
  const drvPath = addDerivation(store, { name: 'unread', script: 'echo begun; sleep 600', env, sources: [layer] });
  const pipes = (): string[] =>
    readdirSync('/proc/self/fd').filter((fd) => {
      const place = `/proc/self/fd/${fd}`;
      return lstatSync(place, { throwIfNoEntry: false }) !== undefined && readlinkSync(place).startsWith('pipe:');
    });
  const before = new Set(pipes());
  const folder = openSync('/', 'r');
  t.after(() => closeSync(folder));
  const dup2 = koffi.load(null).func('int dup2(int from, int to)') as (from: number, to: number) => number;
  // What it writes into becomes a folder, which nothing can be read from.
  const onEvent = ({ kind }: BuildEvent): void => {
    if (kind === 'log') for (const fd of pipes()) if (!before.has(fd)) dup2(folder, Number(fd));
  };
  await assert.rejects(realize(store, [{ drvPath, outputs: [] }], { onEvent }), /EISDIR/);
  const left = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && parentOf(Number(pid)) === process.pid);
  assert.deepEqual(left, []);
  assert.deepEqual(readdirSync(`${store.home}/tmp`), []);
});

test('nothing is left after builds, good or bad', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const good = addDerivation(store, { name: 'good', script: ': > $out; : > stays' });
  const bad = addDerivation(store, { name: 'bad', script: ': > $out; exit 3' });
  await realize(store, [{ drvPath: good, outputs: [] }]);
  await assert.rejects(realize(store, [{ drvPath: bad, outputs: [] }]), /'bad' failed with exit status 3/);
  assert.deepEqual(readdirSync(`${store.home}/tmp`), []);
  assert.deepEqual(readdirSync(`${store.home}/var/lock`), []);
  assert.equal(store.realisation(bad, 'out'), undefined);
  assert.deepEqual(
    [...store.allPaths()].filter((path) => path.endsWith('-bad')),
    [],
  );
  assert.ok(existsSync(store.logPath(bad)));
});

for (const isCopied of [false, true]) {
  test(isCopied ? 'layers are copied where they cannot be laid over each other' : 'layers lie over each other', async (t) => {
    if (!needsSandbox(t)) return;
    const store = temporaryStore(t);
    const layers = ['upper', 'lower'].map((name) => {
      const [text] = store.addTexts([{ name, text: name, references: [] }]);
      const realPath = textToBytes(store.toReal(text!));
      const file = (path: string) => ({ kind: 'file', path, realPath }) as const;
      const entries =
        name === 'upper'
          ? [{ kind: 'symlink', path: 'usr/place', target: 'other' } as const, file('usr/place-b')]
          : [file('usr/place-b/hidden'), file('usr/place/hidden')];
      return {
        name,
        path: store.addTree(name, [...entries, file(`usr/only-${name}`), file('usr/which'), file(`usr/other/${name}`)]),
        supersedes: [],
        level: name === 'upper' ? 1 : 0,
      };
    });
    const host = { name: 'host', path: toolsLayer(store, 'cat'), supersedes: [], level: 0 };
    const chunks: Buffer[] = [];
    using workspace = new Workspace(store);
    const end = await runSandboxed({
      ...{ workspace, scratch: store.makeScratch(), hostFiles: [], objects: [], hasNetwork: false, slot: 0, isCopied },
      input: {
        builder: '/bin/sh',
        args: ['-c', 'cat /usr/which /usr/place-b; echo; echo /usr/only* /usr/place/*; exit 9'],
        environment: new Map([['PATH', '/usr/bin']]),
        files: new Map(),
      },
      layers: [...layers, host],
      onOutput: (chunk) => chunks.push(chunk),
    });
    assert.deepEqual([end.kind, end.kind === 'exited' && end.status], ['exited', 9]);
    assert.equal(
      Buffer.concat(chunks).toString(),
      'upperupper\n/usr/only-lower /usr/only-upper /usr/place/lower /usr/place/upper\n',
    );
  });
}

test('a builder that is not there, and an output that was not made, are said to be so', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const fails = async (
    spec: { name: string; builder?: string; script?: string; env?: Record<string, string> },
    code: string,
    message: RegExp,
  ) => {
    const drvPath = addDerivation(store, spec);
    await assert.rejects(realize(store, [{ drvPath, outputs: [] }]), (error) => {
      assert.ok(error instanceof BuildFault);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  };
  await fails(
    { name: 'no-builder', builder: '/bin/nothing' },
    'E-BUILD-018',
    /cannot be run: '\/bin\/nothing': no such file or directory/,
  );
  // Not even a shell: the root is what was declared.
  await fails({ name: 'no-shell', env: { igosRoot: rootOf() } }, 'E-BUILD-018', /'\/bin\/sh': no such file or directory/);
  await fails({ name: 'no-output', script: ':' }, 'E-BUILD-002', /did not make its output 'out'/);
});
