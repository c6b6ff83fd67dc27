/** Pages that tests play: what stands in their blocks, and the shell that it is typed into. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { project } from '../cli/programs.ts';

/** @param page  its path in the project */
export const textOf = (page: string): string => readFileSync(join(project, page), 'utf8');

export const blocksOf = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1]!);

/** All commands of a page, as one script. */
export const scriptOf = (page: string): string => blocksOf(textOf(page), 'sh').join('');

interface Place {
  readonly cwd: string;
  /** A scratch folder, with the store in `home`. */
  readonly work: string;
}

/** Runs a script up to the first command that fails, with our programs on the path. */
export const inShell = (script: string, { cwd, work }: Place): SpawnSyncReturns<string> =>
  spawnSync('sh', ['-eu', '-c', script], {
    cwd,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${join(project, 'bin')}${delimiter}${process.env['PATH']}`,
      IGOS_HOME: join(work, 'home'),
      XDG_CACHE_HOME: join(work, 'cache'),
    },
  });
