/** What is kept of large sources on the disk: found again as it was, or not at all. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { codeIdentity } from '../../cli/evaluation-cache/code-identity.ts';
import { SourceFolder } from '../../cli/source-memory.ts';
import { runHere } from './in-process.ts';

/** Nothing is kept while the code of igos is changing. */
before(async () => {
  while (codeIdentity() === undefined) await setTimeout(200);
});

function home(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'igos-source-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const entries = (at: string): string[] => {
  const folder = join(at, 'var/cache/source');
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
};

const numbers = Int32Array.from({ length: 100 }, (_, i) => i * 1000);

test('numbers are found again by their text, and by what else they hang on', (t) => {
  const at = home(t);
  new SourceFolder(at).about('text', 'nix').keep(numbers);
  assert.deepEqual(new SourceFolder(at).about('text', 'nix').found, numbers);
  assert.equal(new SourceFolder(at).about('text', 'igos').found, undefined);
  assert.equal(new SourceFolder(at).about('texts', 'nix').found, undefined);
});

test('an entry that is damaged, cut short or of another text is none', (t) => {
  const at = home(t);
  const memory = new SourceFolder(at);
  memory.about('text', 'nix').keep(numbers);
  memory.about('other', 'nix').keep(numbers.subarray(1));
  const [one, other] = entries(at) as [string, string];
  const found = (): (Int32Array | undefined)[] => ['text', 'other'].map((text) => memory.about(text, 'nix').found);
  const bytes = readFileSync(one);
  const isKept = found();
  for (let i = 0; i < bytes.length; i += 7) {
    writeFileSync(one, bytes.with(i, bytes[i]! ^ 0x10));
    assert.equal(found().filter((each) => each !== undefined).length, 1, String(i));
  }
  for (let length = 0; length < bytes.length; length += 5) {
    writeFileSync(one, bytes);
    truncateSync(one, length);
    assert.equal(found().filter((each) => each !== undefined).length, 1, String(length));
  }
  writeFileSync(one, readFileSync(other));
  assert.equal(found().filter((each) => each !== undefined).length, 1);
  writeFileSync(one, bytes);
  assert.deepEqual(found(), isKept);
});

test('what others can write to is not believed', (t) => {
  const at = home(t);
  const memory = new SourceFolder(at);
  memory.about('text', 'nix').keep(numbers);
  const [path] = entries(at) as [string];
  chmodSync(path, 0o622);
  assert.equal(memory.about('text', 'nix').found, undefined);
  chmodSync(path, 0o600);
  assert.deepEqual(memory.about('text', 'nix').found, numbers);
  chmodSync(join(at, 'var/cache/source'), 0o777);
  assert.equal(memory.about('text', 'nix').found, undefined);
});

test('a large file that is imported is kept, also without the evaluation cache, and prints the same', async (t) => {
  const at = home(t);
  const file = join(at, 'large.nix');
  const names = Array.from({ length: 500 }, (_, i) => `name${i} = builtins.add ${i} (import ./small.nix);`);
  writeFileSync(file, `rec { ${names.join('\n')} last = builtins.add name1 name499; }`);
  writeFileSync(join(at, 'small.nix'), '1');
  const ask = async (): Promise<string> =>
    (await runHere('igos', ['eval', '--no-eval-cache', '--home', at, file, '-A', 'last'])).stdout;
  for (let n = 0; n < 2; n++) {
    assert.equal(await ask(), '502\n');
    assert.equal(entries(at).length, 1);
  }
});
