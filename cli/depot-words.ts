/**
 * What the words of `igos depot …` mean. Besides options they may be as Genode's tools take them: `FORCE=1`, `DEPOT_DIR=…`, `-j4`; other
 * `NAME=value` words go to make.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type ArchiveName,
  Depot,
  type Layout,
  type NameForm,
  openSourceTree,
  parseArchiveName,
  type SourceTree,
} from '../depot/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Context } from './context.ts';
import { depotCommands } from './depot-table.ts';

export interface DepotWords {
  /** Operands that are no settings. */
  readonly names: readonly string[];
  readonly depot: Depot;
  readonly publicFolder: string;
  /** Top of a Genode source tree, where there is one. */
  readonly treeFolder: string | undefined;
  readonly jobs: number;
  /** Whether a switch was given, as option or as `NAME=1`. */
  has(option: string): boolean;
  value(option: string): string | undefined;
  /** `NAME=value` words that are none of ours. */
  readonly others: readonly string[];
  archives(form: NameForm): ArchiveName[];
  /** @throws Fault E-DEPOT-004 */
  tree(): SourceTree;
}

/** Settings of Genode's tools and the options that they are. Settings of ours that take a value keep it. */
const SETTINGS: Readonly<Record<string, string>> = {
  FORCE: 'force',
  UPDATE_VERSIONS: 'update-versions',
  VERSION_CMD: 'new-version',
  REBUILD: 'rebuild',
  KEEP_BUILD_DIR: 'keep-build-dir',
  DBG: 'debug',
  CCACHE: 'ccache',
  DEPOT_DIR: 'depot',
  PUBLIC_DIR: 'public',
  PUBLIC: 'public',
  REPOSITORIES: 'repositories',
  VERBOSE: '',
};

export function depotWords(context: Context, args: Arguments): DepotWords {
  const settings = new Map<string, string>();
  const others: string[] = [];
  const names: string[] = [];
  for (const word of args.operands) {
    const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(word) ?? [];
    if (name === undefined) names.push(word);
    else if (SETTINGS[name] === undefined) others.push(word);
    // An empty value switches off, as it does in make.
    else if (value !== '') settings.set(SETTINGS[name], value!);
  }
  const value = (option: string): string | undefined => args.value(option) ?? settings.get(option);
  const at = (path: string): string => resolve(context.workingDirectory, path);
  const treeOption = value('tree');
  const treeFolder = treeOption !== undefined ? at(treeOption) : existsSync(at('repos')) ? context.workingDirectory : undefined;
  const top = treeFolder ?? context.workingDirectory;
  const depot = new Depot(at(value('depot') ?? join(top, 'depot')), layoutOf(value('layout')));
  return {
    names,
    depot,
    publicFolder: at(value('public') ?? join(top, 'public')),
    treeFolder,
    jobs: args.number('jobs', availableParallelism()),
    has: (option) => args.has(option) || settings.has(option),
    value,
    others,
    archives: (form) => names.map((name) => parseArchiveName(name, form)),
    tree: () => openSourceTree(treeFolder ?? context.workingDirectory, repositoriesOf(value('repositories'), at)),
  };
}

const layoutOf = (text: string | undefined): Layout => (text === '2017' ? '2017' : 'present');

const repositoriesOf = (text: string | undefined, at: (path: string) => string): string[] | undefined =>
  text
    ?.split(/[\s:,]+/)
    .filter((path) => path !== '')
    .map(at);

/** Without an archive a tool says what it is, as Genode's do. @returns whether it did */
export async function saysWhatItIs(context: Context, words: DepotWords, tool: string): Promise<boolean> {
  if (words.names.length > 0) return false;
  const { printCommandHelp } = await import('./help.ts');
  const command = depotCommands.find(({ name }) => name === `depot ${tool}`)!;
  printCommandHelp(command, { isLong: false, isJson: context.isJson }, context.out);
  return true;
}

/** `YYYY-MM-DD` of today, or what `--new-version` says. @throws UsageError */
export function todayOf(words: DepotWords): string {
  const given = words.value('new-version');
  if (given === undefined) return new Date().toISOString().slice(0, 10);
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(given)) return given;
  throw new UsageError(`--new-version takes a version, not '${given}'`, ['2026-01-31 is one']);
}
