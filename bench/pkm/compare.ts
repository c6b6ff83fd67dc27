/**
 * pkm beside other package managers on the same packages: every round runs an operation of every one, in turns (bench/steady-disk.ts),
 * so that a busy moment hits all alike. Each has a root a round of its own on the file system that is measured, which stays to the end,
 * and all install before any removes: removals make a disk slow for minutes. What each does differs, and the table says so.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '../installed.ts';
import { has } from '../measure.ts';
import { SteadyDisk, takingTurns } from '../steady-disk.ts';
import { makePackages, type Packages } from './data.ts';

type Tool = 'igos' | 'intergenos' | 'pacman' | 'dpkg' | 'limit';
/** In a row, before any round of the next. */
const PHASES = [['install', 'verify'], ['remove']] as const;
type Operation = (typeof PHASES)[number][number];

const ABOUT: Readonly<Record<Tool, string>> = {
  igos: 'igos pkm: hashes all, keeps archives for rollback, journal; syncs files and database',
  intergenos: "InterGenOS's pkm: hashes all; syncs nothing but its database's log",
  pacman: 'pacman -U, -R: hashes nothing, keeps nothing; syncs nothing',
  dpkg: 'dpkg -i, --verify (MD5), --purge: syncs every file',
  limit: 'tar -x, sha256sum, rm: the least work; syncs nothing',
};

/** Operations that a tool does not have: `pacman -Qkk` needs .MTREE members, which packages of other tools lack. */
const LACKS: Partial<Record<Tool, readonly Operation[]>> = { pacman: ['verify'] };

interface Sample {
  /** Seconds. */
  readonly wall: number;
  /** User and system, with all children. */
  readonly cpu: number;
  readonly peakMiB: number;
}

export interface Measurement {
  /** On the file system that is to be measured; takes 70 MB, and 300 MB a round. */
  readonly scratch: string;
  readonly rounds: number;
  /** How long to wait for the file system, in all. */
  readonly maxMinutes: number;
}

export async function packagesTable(
  project: Project,
  { scratch, rounds, maxMinutes }: Measurement,
  print: (text: string) => void,
): Promise<void> {
  mkdirSync(scratch, { recursive: true });
  const data = makePackages(process.env['IGOS_BENCH_PACKAGES'] ?? join(scratch, 'packages'), {
    nPackages: 50,
    nFiles: 200,
    fileBytes: 4096,
  });
  const tools = toolsHere(print);
  const samples = new Map<string, Sample[]>();
  const work = mkdtempSync(join(scratch, 'work-'));
  const disk = new SteadyDisk(work, maxMinutes, print);
  try {
    for (const phase of PHASES) {
      // the first is not counted: it finds nothing in memory
      for (let round = 0; round <= rounds; round++) {
        const inTurn = takingTurns(tools, round);
        if (phase[0] === 'install') {
          await disk.wait();
          for (const tool of inTurn) run(project, join(work, `${tool}-${round}`), data, tool, 'prepare');
        }
        for (const operation of phase) {
          for (const tool of inTurn) {
            if (LACKS[tool]?.includes(operation) === true) continue;
            const sample = run(project, join(work, `${tool}-${round}`), data, tool, operation);
            if (round > 0) samples.set(`${operation} ${tool}`, [...(samples.get(`${operation} ${tool}`) ?? []), sample]);
          }
        }
      }
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  print(`50 packages × 200 files × 4 KiB on ${scratch}, best of ${rounds} interleaved rounds`);
  for (const tool of tools) print(`  ${ABOUT[tool]}`);
  print(
    `${'operation'.padEnd(10)}${'tool'.padEnd(12)}${'wall s'.padStart(8)}${'cpu s'.padStart(8)}${'peak MiB'.padStart(10)}${'wall ×'.padStart(9)}${'cpu ×'.padStart(8)}   (× of igos in units of the row's tool)`,
  );
  for (const operation of PHASES.flat()) for (const tool of tools) row(samples, operation, tool, print);
}

function row(
  samples: ReadonlyMap<string, readonly Sample[]>,
  operation: Operation,
  tool: Tool,
  print: (text: string) => void,
): void {
  const own = samples.get(`${operation} igos`)!;
  const found = samples.get(`${operation} ${tool}`);
  if (found === undefined) return;
  const least = (from: readonly Sample[], pick: (sample: Sample) => number): number => Math.min(...from.map(pick));
  const wall = least(found, (sample) => sample.wall);
  const cpu = least(found, (sample) => sample.cpu);
  const ratio = (ours: number, theirs: number): string => (theirs === 0 ? '-' : (ours / theirs).toFixed(2));
  print(
    `${operation.padEnd(10)}${tool.padEnd(12)}${wall.toFixed(3).padStart(8)}${cpu.toFixed(2).padStart(8)}${least(
      found,
      (sample) => sample.peakMiB,
    )
      .toFixed(0)
      .padStart(10)}${ratio(
      least(own, (sample) => sample.wall),
      wall,
    ).padStart(9)}${ratio(
      least(own, (sample) => sample.cpu),
      cpu,
    ).padStart(8)}`,
  );
}

function toolsHere(print: (text: string) => void): Tool[] {
  const tools: Tool[] = ['igos', 'limit'];
  const skip = (what: string, why: string): void => print(`SKIPPED: ${what}: ${why}`);
  if (has('pacman')) tools.push('pacman');
  else skip('pacman', 'not installed');
  if (has('dpkg') && has('dpkg-deb')) tools.push('dpkg');
  else skip('dpkg', 'not installed');
  if (process.env['IGOS_INTERGENOS'] === undefined) skip("InterGenOS's pkm", 'IGOS_INTERGENOS names no checkout of it');
  else if (spawnSync('python3', ['-c', 'import tarfile, yaml; tarfile.data_filter']).status !== 0)
    skip("InterGenOS's pkm", 'python3 is too old for it (3.11.4 at least) or has no yaml module');
  else tools.push('intergenos');
  return tools;
}

function run(project: Project, root: string, data: Packages, tool: Tool, operation: Operation | 'prepare'): Sample {
  const script = `. "$OPS/ops.sh"; TIMEFORMAT='%R %U %S'; time ${tool}_${operation} > /dev/null 2> "$R/talk" || { cat "$R/talk" >&2; exit 1; }`;
  const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '%M', 'bash', '-c', `mkdir -p "$R"; ${script}`], {
    encoding: 'utf8',
    env: {
      ...process.env,
      OPS: join(project.root, 'bench/pkm'),
      IGOS_PKM: join(project.bin, 'pkm'),
      D: data.folder,
      R: root,
      NAMES: data.names.join(' '),
    },
  });
  const lines = stderr.trim().split('\n');
  const [wall, user, system] = (lines.at(-2) ?? '').split(' ').map(Number);
  if (status !== 0 || system === undefined) throw new Error(`${tool} ${operation}: ${stderr}`);
  return { wall: wall!, cpu: user! + system, peakMiB: Number(lines.at(-1)) / 1024 };
}
