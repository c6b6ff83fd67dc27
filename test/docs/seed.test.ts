/** docs/seed.md: its declaration is locked, checked and built by its commands, with a mirror in a folder instead of Debian's. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { SourceFile, textToBytes } from '../../base/index.ts';
import { parse } from '../../lang/index.ts';
import { writeMirror } from '../builder/debian-archive.ts';
import { programs } from '../cli/programs.ts';
import { blocksOf, textOf } from './page.ts';

const text = textOf('docs/seed.md');
const commands = blocksOf(text, 'sh')
  .flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
  .map((line) => line.replace(/\s+#\s.*$/, '').trim())
  .filter((line) => line !== '');

test('what docs/seed.md declares and says to type works', (t) => {
  const { igos, work } = programs(t);
  const tree = join(work, 'my-tree');
  const mirror = join(work, 'mirror');
  const url = pathToFileURL(mirror).href;
  mkdirSync(tree);
  const [declared] = blocksOf(text, 'igos');
  assert.deepEqual(parse(new SourceFile('seed.md', textToBytes(declared!)), { kind: 'igos' }).diagnostics, []);
  writeFileSync(join(tree, 'seed.igos'), declared!.replaceAll(/https:[^"]*/g, url));
  const specs = ['binutils', 'gcc', 'libc6-dev'].map((name) => ({
    name,
    files: [{ name: `./usr/bin/${name}`, data: name, mode: 0o755 }],
  }));
  for (const suite of ['bookworm', 'bookworm-security']) writeMirror(mirror, specs, { suite });

  assert.ok(commands.length >= 4, `only ${commands.length} commands found`);
  for (const command of commands) {
    const [program, ...words] = command
      .replaceAll(/"https:\S+ (\S+) main"/g, `"${url} $1 main"`)
      .replaceAll('my-tree', tree)
      .match(/"[^"]*"|\S+/g)!
      .map((word) => word.replaceAll('"', ''));
    assert.equal(program, 'igos');
    const isLock = words[0] === 'seed';
    const options = isLock ? ['--architecture', 'amd64', '--no-check-sigs'] : ['--system', 'x86_64-linux'];
    if (isLock && !words.includes('--mirror')) options.push('--mirror', `${url} bookworm main`);
    const result = igos(...words, ...options);
    assert.equal(result.status, 0, `${command}\n${result.stderr}`);
  }
});
