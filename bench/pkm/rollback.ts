/**
 * What it costs to take back one package's upgrade on a root of 100,000 files, live and atomic. `node bench/pkm/rollback.ts`;
 * about half a minute, in memory where there is /dev/shm.
 */
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ImageEntry, makeImage, openRoot, type PackageImage, type Root } from '../../pkm/index.ts';

const PACKAGES = 500;
const FILES = 200;
const ROUNDS = 9;

const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'igos-bench-rollback-'));

function image(name: string, version: string): PackageImage {
  const folder = join(base, 'store', `${name}-${version}`);
  const entries = Array.from({ length: FILES }, (_, n): ImageEntry => {
    const path = `usr/share/${name}/d${n % 10}/f${n}`;
    const bytes = Buffer.from(`${name} ${version} ${n}`);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
    const sha256 = hash('sha256', bytes);
    return { path, kind: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes: bytes.length, sha256, target: '' };
  });
  return makeImage({
    description: { name, version },
    origin: { kind: 'store', storePath: `/igos/store/${name}-${version}` },
    entries,
    contentPath: (entry) => join(folder, entry.path),
  });
}

const open = (layout: string): Root =>
  openRoot(join(base, layout), { storeFolder: (path) => join(base, 'store', path.slice('/igos/store/'.length)) });

async function measure(work: () => unknown): Promise<{ wallMs: number; cpuMs: number }> {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs: performance.now() - wall, cpuMs: (user + system) / 1000 };
}

const show = (what: string, { wallMs, cpuMs }: { wallMs: number; cpuMs: number }): void =>
  console.log(`${what.padEnd(42)}${wallMs.toFixed(0).padStart(7)} ms wall${cpuMs.toFixed(0).padStart(7)} ms CPU`);

try {
  const images = Array.from({ length: PACKAGES }, (_, n) => image(`p${n}`, '1'));
  const next = image('p7', '2');
  for (const layout of ['live', 'atomic']) {
    mkdirSync(join(base, layout));
    {
      using root = open(layout);
      if (layout === 'atomic') root.initAtomic();
      show(`${layout}: install ${PACKAGES * FILES} files`, await measure(() => root.install(images)));
      show(`${layout}: upgrade one package`, await measure(() => root.install([next])));
    }
    const rounds: { wallMs: number; cpuMs: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push(
        await measure(async () => {
          using root = open(layout);
          await root.rollback((round % 2) + 1);
        }),
      );
    }
    rounds.sort((a, b) => a.wallMs - b.wallMs);
    show(`${layout}: open, roll back, close (median)`, rounds[ROUNDS >> 1]!);
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}
