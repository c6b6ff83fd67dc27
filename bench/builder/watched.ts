/**
 * A chain of 200 by contents, and a change of a file that does not reach the first output: from the file's being written to the path's being
 * printed, by an igos that watches (`igos realize --watch`), by one that is started anew, and by `nix-build`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './median.ts';

interface Way {
  readonly name: string;
  /** Milliseconds. */
  readonly run: (change: () => void) => Promise<number> | number;
}

/** @param runs  of one file each, each with a store of its own, in milliseconds: igos started anew, and Nix where it is there */
export async function watchedTable(
  { root, bin, scratch, rounds }: { root: string; bin: string; scratch: string; rounds: number },
  runs: ReadonlyMap<string, (file: string) => number>,
  print: (text: string) => void,
): Promise<void> {
  mkdirSync(scratch, { recursive: true });
  const salt = join(scratch, 'salt');
  const file = join(scratch, 'watched.nix');
  writeFileSync(salt, 'first');
  writeFileSync(file, `import ${join(root, 'bench/builder/chain.nix')} { salt = builtins.readFile ./salt; contents = "1"; }\n`);
  for (const run of runs.values()) run(file);
  const child = spawn(join(bin, 'igos'), ['realize', '--impure', '--watch', '--quiet', '-j', '1', file], {
    env: { ...process.env, IGOS_HOME: join(scratch, 'home') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const nextLine = linesOf(child);
  try {
    await nextLine();
    const ways: Way[] = [
      {
        name: 'igos that watches',
        run: async (change) => {
          const start = process.hrtime.bigint();
          change();
          await nextLine();
          return Number(process.hrtime.bigint() - start) / 1e6;
        },
      },
      ...[...runs].map(
        ([name, run]): Way => ({
          name,
          run: async (change) => {
            change();
            // The one that watches is done before another begins.
            await nextLine();
            return run(file);
          },
        }),
      ),
    ];
    const samples = new Map(ways.map(({ name }): [string, number[]] => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const { name, run } of ways) samples.get(name)!.push(await run(() => writeFileSync(salt, `${name} ${round}`)));
    }
    print(`\na change without effect, from the file's being written, ms, median of ${rounds} (best):`);
    for (const [name, values] of samples)
      print(`  ${name.padEnd(36)}${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)})`);
  } finally {
    child.kill();
  }
}

/** Waits until a path was printed, and all is quiet again. */
function linesOf(child: ChildProcess): () => Promise<void> {
  let nLines = 0;
  let nWaited = 0;
  let wake = (): void => {};
  let problem: string | undefined;
  child.stdout!.on('data', (data: Buffer) => {
    nLines += data.filter((byte) => byte === 10).length;
    wake();
  });
  child.stderr!.resume();
  child.on('exit', (status) => {
    problem = `igos realize --watch ended with ${status}`;
    wake();
  });
  return async () => {
    nWaited++;
    while (nLines < nWaited) {
      if (problem !== undefined) throw new Error(problem);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
}
