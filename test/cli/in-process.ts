/** Runs a command inside of the test: what it prints and its exit status, without the half second that a process takes. */
import { parseArguments } from '../../cli/arguments.ts';
import type { CommandModule } from '../../cli/command.ts';
import { findCommand, sharedOptions } from '../../cli/commands.ts';
import { createContext } from '../../cli/context.ts';
import { endingOf } from '../../cli/exit.ts';
import { Output } from '../../cli/output.ts';
import type { Run } from './programs.ts';

/** @param words  the command and all that follows; give `--home`, or the store of the user who runs the tests is meant */
export async function runHere(program: 'igos' | 'pkm', words: readonly string[]): Promise<Run> {
  const chunks: Record<1 | 2, Buffer[]> = { 1: [], 2: [] };
  const out = new Output(false, (descriptor, data) => chunks[descriptor].push(Buffer.from(data)));
  let status: number;
  let where: { command?: string; home?: string } = {};
  try {
    const found = findCommand(program, words)!;
    const args = parseArguments(found.command, sharedOptions(program), found.words);
    const module = (await import(`../../cli/${program}/${found.command.name.replace(' ', '-')}.ts`)) as CommandModule;
    const context = { ...createContext(program, words, args), out };
    where = { command: found.command.name, home: context.home };
    status = (await module.run(context, args)) ?? 0;
  } catch (error) {
    const ending = endingOf(error, { color: false, fullTrace: false, program, ...where });
    out.talk(ending.text.trimEnd());
    status = ending.status;
  }
  const text = (descriptor: 1 | 2): string => Buffer.concat(chunks[descriptor]).toString('utf8');
  return { status, stdout: text(1), stderr: text(2) };
}
