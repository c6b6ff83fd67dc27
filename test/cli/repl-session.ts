/** Sessions of the repl in this process: what is typed, and what comes of it on both streams, as one text. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Bytes, textToBytes } from '../../base/index.ts';
import { parseArguments } from '../../cli/arguments.ts';
import { findCommand, sharedOptions } from '../../cli/commands.ts';
import type { Context } from '../../cli/context.ts';
import { Output } from '../../cli/output.ts';
import { uninterrupted } from '../../cli/repl/interrupt.ts';
import { Repl } from '../../cli/repl/repl.ts';
import { removeTree } from '../../store/write-tree.ts';
import { project } from './programs.ts';

class Written extends Output {
  text = '';
  override line(text: string): void {
    this.text += `${text}\n`;
  }
  override bytes(bytes: Bytes): void {
    this.text += Buffer.from(bytes, 'latin1').toString('utf8');
  }
  override talk(text: string): void {
    this.text += `${text}\n`;
  }
}

export interface ReplSession {
  readonly repl: Repl;
  /** A scratch folder; this process stands in it, as the session does. */
  readonly work: string;
  /** Types lines; returns what was written since. */
  type(...lines: string[]): Promise<string>;
  /** Types lines; returns them with their prompts, each followed by what came of it. */
  transcript(lines: string): Promise<string>;
  write(name: string, text: string): void;
}

export function replSession(
  t: Pick<TestContext, 'after'>,
  { words = [], isTerminal = false, environment = {} }: ReplSessionOptions = {},
): ReplSession {
  const work = mkdtempSync(join(tmpdir(), 'igos-repl-'));
  process.chdir(work);
  t.after(() => {
    process.chdir(project);
    removeTree(work);
  });
  const out = new Written(false);
  const command = findCommand('igos', ['repl'])!.command;
  const context: Context = {
    program: 'igos',
    workingDirectory: work,
    environment: { PATH: process.env['PATH'], ...environment },
    variablesUsed: new Set(),
    storeDir: '/igos/store',
    home: join(work, 'home'),
    isJson: words.includes('--json'),
    isQuiet: true,
    showTrace: false,
    words: ['repl', ...words],
    readInput: () => '',
    out,
  };
  const args = parseArguments(command, sharedOptions('igos'), words);
  const repl = new Repl(context, args, { run: uninterrupted, isTerminal, isColored: false });
  t.after(() => repl[Symbol.dispose]());
  const normal = (text: string): string =>
    text
      .replaceAll(work, '$WORK')
      .replaceAll(project, '$PROJECT')
      .replace(/\/igos\/store\/[0-9a-z]{32}-/g, '/igos/store/…-');
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(work, name)), { recursive: true });
    writeFileSync(join(work, name), text);
  };
  const run = async (lines: readonly string[], echo: (line: string, isContinued: boolean) => void): Promise<void> => {
    let pending = '';
    for (const line of lines) {
      echo(line, pending !== '');
      pending += `${textToBytes(line)}\n`;
      if ((await repl.process(pending)) !== 'more') pending = '';
    }
    if (pending !== '') await repl.process(pending, true);
  };
  return {
    repl,
    work,
    write,
    async type(...lines) {
      out.text = '';
      await run(lines, () => undefined);
      return normal(out.text);
    },
    async transcript(lines) {
      out.text = '';
      await run(lines.replace(/^\n|\n$/g, '').split('\n'), (line, isContinued) => {
        out.text += `${isContinued ? '    > ' : 'igos> '}${line}\n`;
      });
      return normal(out.text);
    },
  };
}

interface ReplSessionOptions {
  readonly words?: readonly string[];
  readonly isTerminal?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}
