/** `igos eval` and `igos instantiate` inside of the test's process, with the evaluation cache or without; and the launcher itself. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parseArguments } from '../../../cli/arguments.ts';
import type { CommandModule } from '../../../cli/command.ts';
import { findCommand, sharedOptions } from '../../../cli/commands.ts';
import { type Context, createContext } from '../../../cli/context.ts';
import { codeIdentity } from '../../../cli/evaluation-cache/code-identity.ts';
import type { TellIgos } from '../../../cli/evaluation-cache/quick-answer.ts';
import { remembered } from '../../../cli/evaluation-cache/remembered.ts';
import { endingOf } from '../../../cli/exit.ts';
import * as evalCommand from '../../../cli/igos/eval.ts';
import * as instantiateCommand from '../../../cli/igos/instantiate.ts';
import { Output } from '../../../cli/output.ts';
import { isTerminal } from '../../../cli/terminal.ts';
import { removeTree } from '../../../store/write-tree.ts';
import { project } from '../programs.ts';

// Nothing is remembered in the first seconds after a source of igos was written.
while (codeIdentity() === undefined) await new Promise((resolve) => setTimeout(resolve, 100));

const MODULES: Record<string, CommandModule> = { eval: evalCommand, instantiate: instantiateCommand };

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Asked extends Outcome {
  /** Whether the evaluator ran. */
  readonly isFresh: boolean;
}

export interface Workbench {
  /** An empty folder, where commands run. */
  readonly work: string;
  readonly home: string;
  readonly environment: Record<string, string | undefined>;
  input: string;
  /** With the cache. */
  ask(...words: string[]): Promise<Asked>;
  /** Without, and with a store of its own. */
  evaluate(...words: string[]): Promise<Outcome>;
  /** The folder of the launcher: no bundle, no sources, and a Node that only says that it was started. */
  readonly igos: string;
  /** What the launcher answers by itself: `undefined` where it starts Node. */
  known(...words: string[]): Outcome | undefined;
  /** Runs the launcher. */
  launch(words: readonly string[], options?: LaunchOptions): Outcome;
}

export interface LaunchOptions {
  /** Instead of `/bin/sh`. */
  readonly shell?: readonly string[];
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** A descriptor to be standard output. */
  readonly stdout?: number;
}

/** Why the launcher has no answers here, or false. */
export const noQuickAnswers: string | false =
  isTerminal(1) || isTerminal(2) ? 'what this process records is for a terminal, and the launcher writes to a pipe' : false;

/** The exit status of the Node of the workbench's launcher. */
export const STARTS_NODE = 99;

export function workbench(t: Pick<TestContext, 'after'>): Workbench {
  const folder = mkdtempSync(join(tmpdir(), 'igos-evaluation-cache-'));
  t.after(() => removeTree(folder));
  const igos = join(folder, 'igos');
  const launcher = join(igos, 'bin', 'igos');
  for (const each of ['igos/bin', 'igos/cli', 'igos/node_modules/.bin', 'work'])
    mkdirSync(join(folder, each), { recursive: true });
  copyFileSync(join(project, 'bin', 'igos'), launcher);
  writeFileSync(join(igos, 'cli', 'start.cjs'), '');
  writeFileSync(join(igos, 'node_modules', '.bin', 'node'), `#!/bin/sh\nexit ${STARTS_NODE}\n`, { mode: 0o755 });
  const tellIgos: TellIgos = (conditions) => {
    conditions.asItIs(launcher);
    return igos;
  };
  const bench: Workbench = {
    work: join(folder, 'work'),
    home: join(folder, 'home'),
    environment: {},
    input: '',
    async ask(...words) {
      let isFresh = false;
      const outcome = await run(bench.home, words, (context, args, module) =>
        remembered(
          context,
          args,
          'igos',
          async (watched) => {
            isFresh = true;
            return (await module.run(watched, args)) ?? 0;
          },
          tellIgos,
        ),
      );
      return { ...outcome, isFresh };
    },
    evaluate: (...words) => run(join(folder, 'other-home'), words, (context, args, module) => module.run(context, args)),
    igos,
    known(...words) {
      const outcome = bench.launch(words);
      return outcome.status === STARTS_NODE ? undefined : outcome;
    },
    launch(words, { shell = [], cwd = bench.work, environment = {}, stdout: descriptor } = {}) {
      const [program, ...before] = [...shell, launcher];
      const { status, signal, stdout, stderr } = spawnSync(program!, [...before, ...words], {
        cwd,
        env: { PATH: process.env['PATH'], IGOS_HOME: bench.home, ...bench.environment, ...environment },
        encoding: 'latin1',
        maxBuffer: 1 << 28,
        stdio: ['ignore', descriptor ?? 'pipe', 'pipe'],
      });
      if (status === null) throw new Error(`the launcher was stopped: ${signal}`);
      return { status, stdout, stderr };
    },
  };

  type Body = (
    context: Context,
    args: ReturnType<typeof parseArguments>,
    module: CommandModule,
  ) => ReturnType<CommandModule['run']>;
  async function run(home: string, words: readonly string[], body: Body): Promise<Outcome> {
    const { command } = findCommand('igos', words)!;
    const args = parseArguments(command, sharedOptions('igos'), words.slice(1));
    const text = { 1: '', 2: '' };
    const context: Context = {
      ...createContext('igos', words, args, {
        environment: { IGOS_HOME: home, ...bench.environment },
        workingDirectory: bench.work,
      }),
      out: new Output(false, (descriptor, data) => {
        text[descriptor] += data.toString('latin1');
      }),
      readInput: () => bench.input,
    };
    let status: number;
    try {
      status = (await body(context, args, MODULES[command.name]!)) ?? 0;
    } catch (error) {
      const ending = endingOf(error, { color: false, fullTrace: false, program: 'igos' });
      status = ending.status;
      text[2] += ending.text;
    }
    return { status, stdout: text[1], stderr: text[2] };
  }
  return bench;
}
