/** What the store knows of its paths, beside Nix: closures, their sizes, and a collection, on 10,000 paths of which half are dead. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '../installed.ts';
import { type Case, has, measure, report } from '../measure.ts';

/** @param scratch  on the file system that is to be measured */
export function graphTable({ root, bin }: Project, scratch: string, rounds: number, print: (text: string) => void): void {
  const work = join(scratch, 'graph');
  mkdirSync(work, { recursive: true });
  const environment = { W: work, IGOS: join(bin, 'igos') };
  const expression = join(root, 'bench/store/paths.nix');
  const tools = has('nix-store') ? ['nix', 'igos'] : ['igos'];
  const command = (tool: string, ...words: string[]): string[] => [
    'bash',
    '-c',
    '. "$0"; "$@"',
    join(root, 'bench/store', `ops-${tool}.sh`),
    ...words,
  ];
  const prepare = (tool: string, ...words: string[]): void => {
    const [program, ...rest] = command(tool, ...words);
    const run = spawnSync(program!, rest, { encoding: 'utf8', env: { ...process.env, ...environment } });
    if (run.status !== 0) throw new Error(`${tool} ${words.join(' ')}: ${run.stderr}`);
  };
  const cases = (operation: string, before?: (tool: string) => void): Case[] =>
    tools.map((tool) => ({
      name: tool,
      command: command(tool, operation),
      environment,
      ...(before === undefined ? {} : { before: () => before(tool) }),
    }));
  for (const tool of tools) {
    prepare(tool, 'fresh');
    prepare(tool, 'keep', expression, 'live');
    prepare(tool, 'top', expression, 'live');
  }
  print(report('closure of 5,000 paths', measure(cases('closure'), rounds)));
  const kill = (tool: string): void => prepare(tool, 'paths', expression, 'dead');
  print(report('collection of 5,000 of 10,000 paths', measure(cases('collect', kill), rounds)));
  // Nix walks each closure for itself: that takes a minute, on a busy machine several.
  print(report('sizes of the closures of 5,000 paths', measure(cases('sizes'), 1)));
}
