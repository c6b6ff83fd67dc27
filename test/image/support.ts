import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, renderFault } from '../../base/index.ts';
import { ImageFile } from '../../image/index.ts';

const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, LC_ALL: 'C', TZ: 'UTC' };

export function scratch(t: { after(run: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'igos-image-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

export const run = (program: string, words: readonly string[], input?: string | Buffer, cwd?: string): SpawnSyncReturns<string> =>
  spawnSync(program, words, { encoding: 'utf8', env, input, cwd, maxBuffer: 1 << 28 });

/** Standard output of a program that has to succeed. */
export function output(program: string, words: readonly string[], input?: string | Buffer, cwd?: string): string {
  const { status, stdout, stderr, error } = run(program, words, input, cwd);
  assert.equal(status, 0, `${program} ${words.join(' ')}: ${error ?? stderr}${stdout}`);
  return stdout;
}

/** For `skip`: what is missing of these programs, or `false`. */
export function missing(...programs: readonly string[]): string | false {
  const absent = programs.filter((program) => run('sh', ['-c', 'command -v "$1"', 'sh', program]).status !== 0);
  return absent.length > 0 && `not installed: ${absent.join(', ')}`;
}

/** Makes a file; returns its path. */
export async function made(path: string, fill: (image: ImageFile) => void | Promise<void>): Promise<string> {
  using image = new ImageFile(path);
  await fill(image);
  image.commit();
  return path;
}

/** The file with one bit turned round, beside it. */
export function flipped(path: string, at: number): string {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  writeFileSync(`${path}.flipped`, bytes);
  return `${path}.flipped`;
}

/** As the user sees the fault that `attempt` throws, without the folder's name. */
export async function refusal(folder: string, attempt: () => unknown): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return renderFault(error).replaceAll(`${folder}/`, '');
  }
  return assert.fail('nothing was refused');
}

/** What stands in a folder, as text: kind, mode, bytes. */
export function listed(folder: string, path = ''): string[] {
  return readdirSync(join(folder, path), { encoding: 'latin1' }).flatMap((name) => {
    const below = path === '' ? name : `${path}/${name}`;
    const place = Buffer.from(`${folder}/${below}`, 'latin1');
    const stat = lstatSync(place);
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isDirectory()) return [`d ${mode} ${below}`, ...listed(folder, below)];
    if (stat.isSymbolicLink()) return [`l ${below} ${readlinkSync(place, { encoding: 'latin1' })}`];
    if (!stat.isFile()) return [`? ${below}`];
    return [`f ${mode} ${below} ${createHash('sha256').update(readFileSync(place)).digest('hex')}`];
  });
}
