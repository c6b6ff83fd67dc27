/** Questions to a root of 1,000 packages and 200,000 files, and what it costs to install and verify them: CPU time and peak memory. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ImageEntry, makeImage, openRoot, type PackageImage } from '../../pkm/index.ts';
import type { Project } from '../installed.ts';

const N_PACKAGES = 1000;
const N_FILES = 200;
const PER_TRANSACTION = 100;

export function largeRootTable({ bin }: Project, scratch: string, print: (text: string) => void): void {
  rmSync(scratch, { recursive: true, force: true });
  const target = join(scratch, 'root');
  mkdirSync(target, { recursive: true });
  const before = process.cpuUsage();
  const images = makeImages(scratch);
  using root = openRoot(target, { user: 'bench' });
  for (let n = 0; n < images.length; n += PER_TRANSACTION) root.install(images.slice(n, n + PER_TRANSACTION));
  root.close();
  const { user, system } = process.cpuUsage(before);
  print(`${N_PACKAGES} packages, ${N_PACKAGES * N_FILES} files of 64 bytes, ${PER_TRANSACTION} packages a transaction`);
  print(row('install', (user + system) / 1e6, 0, process.resourceUsage().maxRSS / 1024));
  for (const words of [
    ['list'],
    ['owns', '/usr/bin/pkg0500'],
    ['files', 'pkg0500'],
    ['info', 'pkg0500'],
    ['verify', '--fast'],
    ['verify'],
  ])
    print(ask(join(bin, 'pkm'), words, target));
}

const row = (what: string, cpu: number, wall: number, peakMiB: number): string =>
  `${what.padEnd(24)} cpu ${(cpu * 1000).toFixed(0).padStart(7)} ms  wall ${wall === 0 ? '      -' : (wall * 1000).toFixed(0).padStart(7)} ms  peak ${peakMiB.toFixed(0).padStart(4)} MiB`;

/** The best of five. */
function ask(pkm: string, words: readonly string[], target: string): string {
  let best = { cpu: Infinity, wall: Infinity, peak: 0 };
  for (let n = 0; n < 5; n++) {
    const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '%e %U %S %M', pkm, ...words, '--root', target], {
      encoding: 'utf8',
    });
    const [wall, user, system, peak] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
    if (status !== 0 || peak === undefined) throw new Error(`pkm ${words.join(' ')}: ${stderr}`);
    best = { cpu: Math.min(best.cpu, user! + system!), wall: Math.min(best.wall, wall!), peak: Math.max(best.peak, peak / 1024) };
  }
  return row(`pkm ${words.join(' ')}`, best.cpu, best.wall, best.peak);
}

function makeImages(scratch: string): PackageImage[] {
  const file = join(scratch, 'bytes');
  const bytes = Buffer.alloc(64, 'x');
  writeFileSync(file, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const nameOf = (n: number): string => `pkg${String(n).padStart(4, '0')}`;
  return Array.from({ length: N_PACKAGES }, (_, p) => {
    const name = nameOf(p);
    const entries = Array.from({ length: N_FILES }, (_, n): ImageEntry => {
      const path = n === 0 ? `usr/bin/${name}` : n < 3 ? `etc/${name}/f${n}.conf` : `usr/share/${name}/d${n % 10}/f${n}`;
      return { path, kind: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes: bytes.length, sha256, target: '' };
    });
    return makeImage({
      description: { name, version: '1.0', runtime: p % 5 === 0 ? [] : [nameOf(p - 1)] },
      origin: { kind: 'store', storePath: `/igos/store/${name}` },
      entries,
      contentPath: () => file,
    });
  });
}
