/** What the tests of media share: programs of others that read what we write. */
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, renderFault } from '../../base/index.ts';
import { ImageFile, type Layout } from '../../image/index.ts';

const SBIN = `${process.env['PATH']}:/usr/sbin:/sbin`;

export const attempt = (program: string, args: readonly string[], env: Record<string, string> = {}): SpawnSyncReturns<string> =>
  spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: SBIN, LC_ALL: 'C.UTF-8', TZ: 'UTC', ...env },
    maxBuffer: 1 << 28,
  });

/** What a program says that has to succeed. */
export function told(program: string, args: readonly string[], env?: Record<string, string>): string {
  const { status, stdout, stderr } = attempt(program, args, env);
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout + stderr;
}

/** Writes the layout behind some bytes of something else, and gives its own. */
export function written(folder: string, layout: Layout, before = 0): string {
  const path = join(folder, 'image');
  using out = new ImageFile(path);
  out.zeros(before);
  layout.write(out);
  assert.equal(out.position, before + layout.sizeBytes);
  out.commit();
  return path;
}

/** The same with holes for zeros and for what is copied from files: of gigabytes little has to be stored. */
export function withHoles(folder: string, layout: Layout): string {
  const path = join(folder, 'image');
  const out = new Holes();
  layout.write(out as unknown as ImageFile);
  assert.equal(out.position, layout.sizeBytes);
  out.save(path);
  return path;
}

export const bytesOfLayout = (folder: string, layout: Layout): Buffer => readFileSync(written(folder, layout));

/** The error as the user sees it. */
export function faultText(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return renderFault(error);
    throw error;
  }
  return assert.fail('there was no error');
}

/**
 * Has the kernel read an image, where it knows the file system and we may mount. Whether it did.
 */
export function mounted(folder: string, type: string, image: string, read: (root: string) => void): boolean {
  attempt('modprobe', ['-q', type]);
  const knows = readFileSync('/proc/filesystems', 'utf8').split(/\s+/).includes(type);
  if (!knows || process.getuid?.() !== 0) return false;
  const root = join(folder, 'mounted');
  mkdirSync(root);
  if (attempt('mount', ['-t', type, '-o', 'ro,loop', image, root]).status !== 0) return false;
  try {
    read(root);
  } finally {
    told('umount', [root]);
  }
  return true;
}

/** Stands for a file. */
class Holes {
  position = 0;
  readonly #pieces: [number, Uint8Array][] = [];

  write(bytes: Uint8Array): void {
    this.#pieces.push([this.position, bytes]);
    this.position += bytes.length;
  }

  zeros(length: number): void {
    this.position += length;
  }

  copy(content: Uint8Array | { readonly sizeBytes: number }): void {
    if (content instanceof Uint8Array) this.write(content);
    else this.zeros(content.sizeBytes);
  }

  save(path: string): void {
    writeFileSync(path, '');
    truncateSync(path, this.position);
    const fd = openSync(path, 'r+');
    for (const [at, bytes] of this.#pieces) writeSync(fd, bytes, 0, bytes.length, at);
    closeSync(fd);
  }
}
