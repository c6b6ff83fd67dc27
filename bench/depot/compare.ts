/**
 * `igos depot` beside Genode's own tools (`IGOS_GENODE` names a checkout): 500 raw archives of 3 files, published, downloaded from a
 * server on loopback, and listed. Both sign with the same key: GnuPG's for Genode's tools, the same secret key for igos.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import type { Project } from '../installed.ts';

const N_ARCHIVES = 500;

interface Timed {
  readonly wall: number;
  readonly cpu: number;
}

/** Runs a command to its end; times in seconds, of it and its children. @throws Error it failed */
function timed(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Timed {
  const result = spawnSync('/usr/bin/time', ['-f', '\n%e %U %S', ...command], {
    cwd,
    env: { ...process.env, ...env, MAKEFLAGS: '' },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status !== 0) throw new Error(`${command.join(' ')}: ${result.stderr.slice(-2000)}${result.stdout.slice(-500)}`);
  const [wall, user, system] = result.stderr.trimEnd().split('\n').at(-1)!.split(' ').map(Number);
  return { wall: wall!, cpu: user! + system! };
}

export async function depotTable(
  { bin }: Project,
  scratch: string,
  rounds: number,
  print: (text: string) => void,
): Promise<void> {
  const genode = process.env['IGOS_GENODE'];
  const hasPeer = genode !== undefined && existsSync(join(genode, 'tool', 'depot', 'download'));
  if (!hasPeer) print("Genode's tools are missing (IGOS_GENODE names no checkout): igos alone");
  const igos = join(bin, 'igos');
  const tree = join(scratch, 'tree');
  const gnupg = join(scratch, 'gnupg');
  mkdirSync(gnupg, { recursive: true });
  chmodSync(gnupg, 0o700);
  const env = { GNUPGHOME: gnupg, IGOS_HOME: join(scratch, 'home') };
  execFileSync('gpg', ['--batch', '--quiet', '--passphrase', '', '--quick-gen-key', 'alan', 'rsa2048', 'sign', 'never'], {
    env: { ...process.env, ...env },
  });
  const key = execFileSync('gpg', ['--armor', '--export', 'alan'], { env: { ...process.env, ...env } });
  const secret = execFileSync('gpg', ['--armor', '--batch', '--export-secret-keys', 'alan'], { env: { ...process.env, ...env } });
  mkdirSync(join(scratch, 'home', 'etc', 'depot-keys'), { recursive: true });
  writeFileSync(join(scratch, 'home', 'etc', 'depot-keys', 'alan.asc'), secret, { mode: 0o600 });

  const names = makeTree(tree, key, genode);
  const server = spawn(igos, ['depot', 'serve', '--port', '0', '--json', '--quiet', '--tree', tree], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = (JSON.parse(String(await new Promise((resolve) => server.stdout.once('data', resolve)))) as { url: string }).url;
    writeFileSync(join(tree, 'repos/bench/sculpt/depot/alan/download'), `${url}\n`);
    const rows: Record<string, { igos: Timed[]; genode: Timed[] }> = {};
    const note = (row: string, who: 'igos' | 'genode', time: Timed) => {
      rows[row] ??= { igos: [], genode: [] };
      rows[row][who].push(time);
    };
    const drop = (...folders: string[]) => {
      for (const folder of folders) rmSync(join(tree, folder), { recursive: true, force: true });
    };
    cpSync(join(tree, 'depot'), join(scratch, 'original'), { recursive: true });
    const restore = () => cpSync(join(scratch, 'original'), join(tree, 'depot'), { recursive: true });
    for (let round = 0; round < rounds; round++) {
      if (hasPeer) {
        drop('public');
        note('publish', 'genode', timed(['tool/depot/publish', 'alan/pkg/all/1', '-j2', 'SQ=false'], tree, env));
      }
      drop('public');
      note('publish', 'igos', timed([igos, 'depot', 'publish', 'alan/pkg/all/1', '-j2'], tree, env));
      // The server gives out what is published; the quarantine of who downloads is another folder.
      if (hasPeer) {
        const copy = join(scratch, 'receiver');
        rmSync(copy, { recursive: true, force: true });
        cpSync(tree, copy, {
          recursive: true,
          filter: (path) => !path.startsWith(join(tree, 'depot')) && !path.startsWith(join(tree, 'public')),
        });
        // More than one job is broken in Genode's tool: its jobs share a file.
        note('download', 'genode', timed(['tool/depot/download', 'alan/pkg/all/1', 'SQ=false'], copy, env));
        if (!existsSync(join(copy, 'depot', ...names.at(-1)!.split('/'))))
          throw new Error("Genode's tool did not download all of it");
      }
      drop('depot', 'quarantine');
      note('download', 'igos', timed([igos, 'depot', 'download', 'alan/pkg/all/1', '-j2', 'PUBLIC_DIR=quarantine'], tree, env));
      if (!existsSync(join(tree, 'depot', ...names.at(-1)!.split('/')))) throw new Error('igos did not download all of it');
      drop('depot');
      restore();
      if (hasPeer) note('list what a package needs', 'genode', timed(['tool/depot/dependencies', 'alan/pkg/all/1'], tree, env));
      note('list what a package needs', 'igos', timed([igos, 'depot', 'dependencies', 'alan/pkg/all/1'], tree, env));
      note('list', 'igos', timed([igos, 'depot', 'list'], tree, env));
    }
    print(`${N_ARCHIVES} archives, -j2 (Genode's download: -j1), medians of ${rounds}, load ${loadavg()[0]!.toFixed(1)}\n`);
    print('| | igos s | Genode s | ratio | CPU s | CPU s | ratio |\n| --- | --- | --- | --- | --- | --- | --- |');
    for (const [name, { igos, genode }] of Object.entries(rows)) {
      const [a, b] = [median(igos), genode.length === 0 ? undefined : median(genode)];
      const peer = b === undefined ? '– | –' : `${b.wall.toFixed(2)} | ${(a.wall / b.wall).toFixed(2)}`;
      const cpu = b === undefined ? '– | –' : `${b.cpu.toFixed(2)} | ${(a.cpu / b.cpu).toFixed(2)}`;
      print(`| ${name} | ${a.wall.toFixed(2)} | ${peer} | ${a.cpu.toFixed(2)} | ${cpu} |`);
    }
  } finally {
    server.kill();
    spawnSync('gpgconf', ['--homedir', gnupg, '--kill', 'all']);
  }
}

function median(times: readonly Timed[]): Timed {
  const of = (key: keyof Timed): number => times.map((time) => time[key]).sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
  return { wall: of('wall'), cpu: of('cpu') };
}

function makeTree(tree: string, key: Buffer, genode: string | undefined): string[] {
  const names: string[] = [];
  for (let i = 0; i < N_ARCHIVES; i++) {
    const name = `alan/raw/data_${i}/1`;
    const folder = join(tree, 'depot', name);
    mkdirSync(join(folder, 'below'), { recursive: true });
    writeFileSync(join(folder, 'one'), `${i}\n`.repeat(500));
    writeFileSync(join(folder, 'below', 'two'), `${i * i}\n`.repeat(2000));
    writeFileSync(join(folder, 'below', 'three'), String(i));
    names.push(name);
  }
  const pkg = join(tree, 'depot', 'alan/pkg/all/1');
  mkdirSync(pkg, { recursive: true });
  writeFileSync(join(pkg, 'README'), 'all\n');
  writeFileSync(join(pkg, 'archives'), names.map((name) => `${name}\n`).join(''));
  const user = join(tree, 'repos/bench/sculpt/depot/alan');
  mkdirSync(user, { recursive: true });
  mkdirSync(join(tree, 'repos/bench/recipes'), { recursive: true });
  writeFileSync(join(user, 'pubkey'), key);
  if (genode !== undefined) cpSync(join(genode, 'tool', 'depot'), join(tree, 'tool', 'depot'), { recursive: true });
  return names;
}
