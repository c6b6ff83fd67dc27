/** Holds listings of machine code against GNU objdump. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf } from '../../base/index.ts';
import { temporaryFolder } from './fixture.ts';

/** A test for each machine: that the bytes are the instructions which stand beside them. */
export function testListings(what: string, listings: Readonly<Record<string, string>>): void {
  for (const [machine, program, words] of [
    ['x64', 'objdump', ['-m', 'i386:x86-64', '-M', 'intel']],
    ['arm64', 'aarch64-linux-gnu-objdump', ['-m', 'aarch64']],
  ] as const) {
    const isThere = spawnSync(program, ['--version']).status === 0;
    const wanted = machine === 'arm64' && process.arch !== 'arm64' ? `not part of igos: ${program}` : `no ${program} here`;
    test(`${what} for ${machine} is what its listing says`, { skip: isThere ? false : wanted }, (t) => {
      const seen = disassemble(t, program, words, codeOf(listings, machine)!);
      // Numbers are written one way.
      const plain = (line: string): string =>
        line.replace(/#?(?<!\w)-?(0x[0-9a-f]+|\d+)\b/g, (text) => `${Number(text.replace('#', ''))}`);
      assert.deepEqual(seen.map(plain), instructions(listings[machine]!).map(plain));
    });
  }
}

/** What GNU objdump makes of the code, in the spelling of our listings. */
function disassemble(
  t: Parameters<typeof temporaryFolder>[0],
  program: string,
  words: readonly string[],
  code: Uint8Array,
): string[] {
  const file = join(temporaryFolder(t), 'code');
  writeFileSync(file, code);
  const { stdout, status, stderr } = spawnSync(program, ['-D', '-b', 'binary', ...words, file], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const lines = stdout.matchAll(/^\s+[0-9a-f]+:\t[0-9a-f ]+\t(.*)$/gm);
  return Array.from(lines, ([, text]) =>
    text!
      .replace(/ *(\/\/|# ).*/, '')
      .replace(/(QWORD|DWORD|WORD|BYTE) PTR /, '')
      .replace(/\*1\b/, '')
      .replace(/\+0x0\]/, ']')
      .replace(/\s+/g, ' ')
      .replace(/, ?/g, ', ')
      .trim(),
  );
}

/** Instructions of a listing, places of labels in their stead. */
function instructions(text: string): string[] {
  const labels = new Map<string, number>();
  const found: string[] = [];
  let offset = 0;
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const label = /^(\w+):$/.exec(line)?.[1];
    if (label !== undefined) labels.set(label, offset);
    else {
      const [, bytes = '', instruction = ''] =
        /^ {2}([0-9a-f]{8}|[0-9a-f]{2}(?: [0-9a-f]{2})*) +(.+?)(?: +;.*)?$/.exec(line) ?? [];
      offset += bytes.replaceAll(' ', '').length / 2;
      found.push(instruction);
    }
  }
  return found.map((each) =>
    each.replace(/(?<=^(?:j\w+|b|b\.\w+|cbn?z .*|tbn?z .*) )\w+$/, (label) => {
      const place = labels.get(label);
      return place === undefined ? label : `0x${place.toString(16)}`;
    }),
  );
}
