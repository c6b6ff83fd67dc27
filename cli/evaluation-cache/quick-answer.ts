/**
 * A known answer that the launcher gives without starting Node: a text file beside the record, with all that must hold for it.
 *
 * ```
 * igos quick answer 1
 * <boot id of the machine>
 * t<the standard streams that are terminals: 1, 2>
 * <number of words>
 * <word> …
 * <tests, one a line; the first character says which: see bin/igos and `quick-conditions.ts`>
 * t<line for standard error> …
 * o<line of the output> …, or c<name of a file with it>
 * .
 * ```
 *
 * The file is found by a name that is only likely to be its own; everything that counts stands in it. It is believed until the next
 * boot: what a crash of the machine left of it is never read.
 *
 * @source docs/decisions/0011-quick-answers.md
 */
import { readFileSync, statSync } from 'node:fs';
import type { Context } from '../context.ts';
import { isTerminal } from '../terminal.ts';
import { checksum } from './fingerprint.ts';
import type { CacheFolder } from './folder.ts';
import { QuickConditions } from './quick-conditions.ts';
import { quickIgos } from './quick-igos.ts';
import type { EvaluationRecord, Write } from './record.ts';

/** A shell takes 5 µs a line, and 2 µs an inode. */
const MAX_LINES = 2000;
const MAX_INODES = 4000;
const MAX_BYTES = 1 << 19;
/** A pipe takes so much at once or nothing; more goes through a file of its own. */
const MAX_INLINE_BYTES = 4096;
const MAX_OUTPUT_BYTES = 8 << 20;

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** What one line may hold: a shell keeps these bytes, in any locale. Tabs stand between paths. */
const PLAIN = /^[ -~\t]+$/;

/** Letters: the launcher looks at no more, and takes its time for each (bin/igos). */
const MAX_WORDS = 3900;

/** Which igos an answer is of; for tests. */
export type TellIgos = (conditions: QuickConditions) => string | undefined;

/**
 * Writes the quick answer of a record, or takes away the one that is there. To be called when the record was just found to be true.
 * Never throws.
 */
export function keepQuickAnswer(
  context: Context,
  folder: CacheFolder,
  { seen, writes, result }: EvaluationRecord,
  tellIgos: TellIgos = quickIgos,
): void {
  try {
    const name = quickName(context);
    const isShort = context.words.join(' ').length <= MAX_WORDS;
    const printed = result === 0 && isShort ? talkThenOutput(writes) : undefined;
    const text = printed === undefined ? undefined : quickText(context, folder, seen, printed, tellIgos);
    if (text === undefined) folder.remove(name);
    else if (folder.read(name)?.equals(text) !== true) folder.write(name, text);
  } catch {
    // as without it
  }
}

interface Printed {
  readonly talk: Buffer;
  readonly output: Buffer;
}

/** `undefined` where it printed in another order, or more talk than fits. */
function talkThenOutput(writes: readonly Write[]): Printed | undefined {
  const nTalk = writes.findIndex(({ descriptor }) => descriptor === 1);
  const split = nTalk === -1 ? writes.length : nTalk;
  if (writes.slice(split).some(({ descriptor }) => descriptor !== 1)) return undefined;
  const joined = (some: readonly Write[]): Buffer => Buffer.concat(some.map(({ data }) => data));
  const talk = joined(writes.slice(0, split));
  return talk.length > MAX_INLINE_BYTES ? undefined : { talk, output: joined(writes.slice(split)) };
}

function quickText(
  context: Context,
  folder: CacheFolder,
  seen: EvaluationRecord['seen'],
  { talk, output }: Printed,
  tellIgos: TellIgos,
): Buffer | undefined {
  const { program, words, workingDirectory, home, environment, variablesUsed } = context;
  if (program !== 'igos' || words.includes('-') || output.length > MAX_OUTPUT_BYTES) return undefined;
  const { files, folders, sources } = seen;
  const nInodes = sources.reduce((sum, { entries }) => sum + entries.length, files.length + folders.length);
  if (nInodes > MAX_INODES) return undefined;
  const conditions = new QuickConditions();
  const igosHome = tellIgos(conditions);
  if (igosHome === undefined) return undefined;
  for (const name of ['IGOS_EVAL_CACHE', 'IGOS_LOG', ...variablesUsed]) conditions.variable(name, environment[name] ?? null);
  // Without it, the home folder comes from elsewhere.
  if (variablesUsed.has('HOME') && !environment['HOME']) return undefined;
  conditions.seen(seen, home);
  if (conditions.lines() === undefined) return undefined;
  const outputLines = writtenBy(conditions, folder, output);
  const tests = conditions.lines();
  if (tests === undefined) return undefined;
  const boot = readFileSync(BOOT_ID, 'latin1').trim();
  const terminals = `t${isTerminal(1) ? '1' : ''}${isTerminal(2) ? '2' : ''}`;
  const head = ['igos quick answer 1', boot, terminals, String(words.length), ...words];
  const talkLines = talk.toString('latin1').split('\n');
  if (talkLines.pop() !== '') return undefined;
  const told = [...talkLines.map((line) => `t${line}`), ...outputLines];
  const lines = [...head, `H${igosHome}`, `w${workingDirectory}`, ...tests, ...told, '.'];
  if (lines.length > MAX_LINES || !lines.every((line) => PLAIN.test(line))) return undefined;
  const text = Buffer.from(`${lines.join('\n')}\n`, 'latin1');
  return text.length > MAX_BYTES ? undefined : text;
}

/** As lines of the answer, where they are plain; else in a file whose name says its content, so that it is never another's. */
function writtenBy(conditions: QuickConditions, folder: CacheFolder, output: Buffer): string[] {
  const lines = output.toString('latin1').split('\n');
  const last = lines.pop()!;
  const inline = [...lines.map((line) => `o${line}`), ...(last === '' ? [] : [`p${last}`])];
  if (output.length <= MAX_INLINE_BYTES && inline.every((line) => PLAIN.test(line))) return inline;
  const name = `output-${checksum(output)}-${output.length}`;
  const isThere = (): boolean => folder.read(name)?.equals(output) === true;
  if (!isThere()) folder.write(name, output);
  if (!isThere()) conditions.refuse('the output could not be written');
  conditions.asItIs(`${folder.path}/${name}`);
  return [`c${name}`];
}

/** Where the launcher looks first. The same in bin/igos: the words and where they were said, without what a file name cannot have. */
function quickName({ words, workingDirectory, environment }: Context): string {
  const name = `quick${`${shellDirectory(workingDirectory, environment['PWD'])},${words.join(',')}.`.replaceAll('/', '+')}`;
  return name.length > 200 ? `${name.slice(0, 80)}+${name.length}+${name.slice(-80)}` : name;
}

/** The folder as a shell calls it, which may be by the way of symlinks. */
function shellDirectory(workingDirectory: string, named: string | undefined): string {
  if (named === undefined || !named.startsWith('/') || named === workingDirectory) return workingDirectory;
  const [one, other] = [named, workingDirectory].map((path) => statSync(path, { throwIfNoEntry: false }));
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev ? named : workingDirectory;
}
