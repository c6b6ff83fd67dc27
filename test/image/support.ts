/** Scratch folders, and the programs that images are held against. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ImageFile } from '../../image/index.ts';

export function scratch(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'igos-image-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Why a test of these programs cannot run here, or false. */
export function without(...programs: readonly string[]): string | false {
  const missing = programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`], { env: PATHS }).status !== 0);
  return missing.length === 0 ? false : `not on this machine: ${missing.join(', ')}`;
}

/** What administrators have on their path, and others have not. */
const PATHS = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

/** Its standard output. @throws with what it said, where it failed */
export function tool(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: 'latin1',
    env: { ...PATHS, LC_ALL: 'C', TZ: 'UTC' },
    maxBuffer: 1 << 28,
  });
  if (status === 0) return stdout;
  throw new Error(`${program} ${words.join(' ')}: ${error?.message ?? `exit status ${status}`}\n${stdout}${stderr}`);
}

/** Writes an image, and says what was returned. */
export async function made<T>(path: string, write: (file: ImageFile) => T | Promise<T>): Promise<T> {
  using file = new ImageFile(path);
  const result = await write(file);
  file.commit();
  return result;
}
