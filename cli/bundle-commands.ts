/** Which commands each bundle has, the text that each begins with, and what of the sources it leaves to another bundle. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import type { Command } from './command.ts';
import { importCommands } from './igos/import-table.ts';
import { publishingCommands } from './igos/publishing-table.ts';
import { seedCommands } from './igos/seed-table.ts';
import { igosCommands } from './igos/table.ts';
import { repositoryCommands } from './pkm/repository-table.ts';
import { pkmCommands } from './pkm/table.ts';

/** Commands of `evaluating.cjs`. */
export const EVALUATING = ['eval', 'instantiate', 'parse'];
/** Commands that need keys. */
const SIGNING = ['store import', 'store sign'];
/** Commands of `storing.cjs`: those that work on the store alone. */
export const STORING = igosCommands
  .map(({ name }) => name)
  .filter((name) => (name.startsWith('store ') && !SIGNING.includes(name)) || name === 'gc' || name === 'why-depends');
/** Commands of `realizing.cjs`: what people run all day, mostly to hear that nothing is to be done. */
export const REALIZING = ['realize'];
/** Commands of `managing.cjs`: those of pkm that draw nothing, and that do not always evaluate. */
export const MANAGING = [...pkmCommands, ...repositoryCommands]
  .map(({ name }) => name)
  .filter((name) => !['switch', 'adopt', 'config resolve', 'help'].includes(name));
/** Commands of its first part. */
export const QUICK = ['files', 'history', 'info', 'list', 'owns', 'remove', 'verify'];
/** Those of `evaluating.cjs` whose answer may be known. */
export const REMEMBERED = igosCommands
  .filter(({ name, isRemembered }) => isRemembered === true && EVALUATING.includes(name))
  .map(({ name }) => name);

export function loaders(program: 'igos' | 'pkm', names: readonly string[]): string {
  const rows = names.map(
    (name) => `${JSON.stringify(`${program}/${name}`)}: () => import(${JSON.stringify(`./${program}/${name}.ts`)}),`,
  );
  return rows.join('\n');
}

export const commandFiles = (program: string): string[] =>
  globSync('*.ts', { cwd: join(import.meta.dirname, program) })
    .map((file) => file.slice(0, -3))
    .filter((name) => name !== 'table')
    .sort();

/** Only what a bundle has of the tables of commands, without their words, which are long: who asks for help meets another bundle. */
export const fewCommands = (names: readonly string[], program: 'igos' | 'pkm' = 'igos'): Plugin => ({
  name: 'few commands',
  setup(build) {
    const tables = { igosCommands, importCommands, publishingCommands, seedCommands, pkmCommands, repositoryCommands };
    const rows = (own: string, commands: readonly Command[]): string =>
      literal(commands.filter(({ name }) => own === program && names.includes(name)));
    build.onLoad({ filter: /\/cli\/(igos|pkm)\/(\w+-)?table\.ts$/ }, ({ path }) => {
      const [, own = '', file = ''] = /\/(igos|pkm)\/([\w-]+)\.ts$/.exec(path)!;
      const table = file === 'table' ? `${own}Commands` : `${file.replace(/-table$/, '')}Commands`;
      const commands = tables[table as keyof typeof tables];
      return commands === undefined ? undefined : { contents: `export const ${table} = ${rows(own, commands)};` };
    });
  },
});

/** What is only shown as help. */
const WORDS = new Set(['description', 'doc', 'examples', 'summary']);

/** Data as JavaScript: JSON has no Infinity. */
function literal(data: unknown): string {
  const text = JSON.stringify(data, (key, value) => {
    if (WORDS.has(key)) return typeof value === 'string' ? '' : [];
    if (typeof value === 'function') throw new Error('the table of commands holds more than data');
    return value === Number.POSITIVE_INFINITY ? '\0Infinity' : value;
  });
  return text.replaceAll('"\\u0000Infinity"', 'Infinity');
}

/** What runs commands itself. */
export const withCommands = (rows: string): string => `import { main } from './main.ts';
const commands: any = {
${rows}
};
export const start = (words: string[]) => main(words, (file) => commands[file]());`;

/** The same, in one piece: those of the first part are there from the start. */
export const withCommandsInside = (
  program: 'igos' | 'pkm',
  names: readonly string[],
  others: readonly string[] = [],
): string => `import { main } from './main.ts';
${names.map((name, i) => `import { run as run${i} } from './${program}/${name}.ts';`).join('\n')}
const commands: any = {
${names.map((name, i) => `${JSON.stringify(`${program}/${name}`)}: { run: (context, args) => run${i}(context, args) },`).join('\n')}
};
const others: any = {
${loaders(program, others)}
};
export const start = (words: string[]) => main(words, async (file) => commands[file] ?? (await others[file]()));`;

/** What runs none: cli/start.cjs gives it the way to another bundle, a promise that never ends. */
export const WITHOUT_COMMANDS = `import { main } from './main.ts';
declare const igosHandOver: () => Promise<never>;
export const start = (words: string[]) => main(words, igosHandOver);`;

/** Calling one of a file's functions is work for the other bundle. Nothing that lasts may have been done before. */
export const handingOver = (file: RegExp, name: string): Plugin => ({
  name: 'handing over',
  setup(build) {
    build.onLoad({ filter: file }, () => ({
      contents: `declare const igosHandOver: () => Promise<never>;\nexport const ${name} = igosHandOver;`,
      loader: 'ts',
    }));
  },
});

/**
 * What a part imports later of itself makes esbuild put each of its modules into a function: it is imported at once.
 * Of what no command of the bundle imports another bundle is begun.
 */
export const importsAtOnce: Plugin = {
  name: 'imports at once',
  setup(build) {
    build.onLoad({ filter: /\/cli\/main\.ts$|\/evaluation-cache\/(remembered|store-agrees)\.ts$/ }, ({ path }) => {
      const imports: string[] = [];
      const contents = readFileSync(path, 'utf8').replaceAll(/\bawait import\(('[^']+')\)/g, (later, from: string) => {
        if (from === "'./evaluation-cache/remembered.ts'") return 'await igosHandOver()';
        if (path.endsWith('/main.ts')) return later;
        return `atOnce${imports.push(from)}`;
      });
      const lines = imports.map((from, i) => `import * as atOnce${i + 1} from ${from};\n`);
      return { contents: `declare const igosHandOver: () => Promise<never>;\n${lines.join('')}${contents}`, loader: 'ts' };
    });
  },
};

/** The same for binary caches, an eighth of what a bundle of the store would be. */
export const withoutCaches: Plugin = {
  name: 'without caches',
  setup(build) {
    build.onLoad({ filter: /\/store\/index\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const contents = text.replace("=> import('./cache/index.ts')", '=> igosHandOver()');
      if (contents === text) throw new Error(`'${path}' loads caches in another way`);
      return { contents: `declare const igosHandOver: () => Promise<never>;\n${contents}`, loader: 'ts' };
    });
  },
};
