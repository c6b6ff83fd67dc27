import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { archiveHash } from '../../depot/index.ts';

interface Vector {
  readonly name: string;
  readonly source_files: Record<string, string>;
  readonly extra: readonly (readonly [path: string, kind: 'symlink' | 'dir', target: string | null])[];
  readonly archive_files: readonly string[];
  readonly hash_file: string;
}

const vectors = (
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', 'genode', 'hashes.json'), 'utf8')) as { vectors: Vector[] }
).vectors;

test('hashes are those that Genode computed', () => {
  assert.ok(vectors.length >= 13);
  for (const vector of vectors) {
    const folder = mkdtempSync(join(tmpdir(), 'igos-depot-'));
    try {
      for (const path of vector.archive_files) {
        mkdirSync(join(folder, dirname(path)), { recursive: true });
        writeFileSync(join(folder, path), Buffer.from(vector.source_files[path]!, 'base64'));
      }
      for (const [path, kind, target] of vector.extra) {
        if (kind === 'dir') mkdirSync(join(folder, path), { recursive: true });
        else symlinkSync(target!, join(folder, path));
      }
      assert.equal(archiveHash(folder), vector.hash_file.trim().split(' ')[1], vector.name);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});

test('in 2017 names did not count', () => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-depot-'));
  try {
    // printf '\n' | sha1sum; printf 'ab' | sha1sum
    assert.equal(archiveHash(folder, '2017'), 'adc83b19e793491b1c6ea0fd8b46cd9f32e592fc');
    writeFileSync(join(folder, 'z'), 'b');
    writeFileSync(join(folder, 'y'), 'a');
    assert.equal(archiveHash(folder, '2017'), 'da23614e02469a0d7c7bd1bdab5c9c474b1904dc');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
