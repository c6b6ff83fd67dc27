/** The repl without its terminal: takes whole inputs, prints results on stdout and talk on stderr, and never throws for a mistake. */
import { type Bytes, bytesToText, count, Faults, printable, textToBytes } from '../../base/index.ts';
import { ContextString, type PrettyRole, prettyValue, type Slot, type Value } from '../../eval/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { endingOf } from '../exit.ts';
import { BrokenPipe } from '../output.ts';
import { findReplCommand, missingExpression, unknownReplCommand } from './commands.ts';
import { type Input, type Parsed, readExpression, readInput } from './input.ts';
import { Interrupted, type Run } from './interrupt.ts';
import { type Origin, World } from './world.ts';

/** What became of an input. `more`: it goes on, and nothing was done. */
export type Outcome = 'done' | 'more' | 'quit';

export interface ReplOptions {
  /** How evaluations are run. */
  readonly run: Run;
  /** Results are for a person's eyes: control characters are shown as pictures, and loading says what it does. */
  readonly isTerminal: boolean;
  readonly isColored: boolean;
}

export class Repl implements Disposable {
  readonly context: Context;
  readonly args: Arguments;
  readonly world: World;
  readonly isTerminal: boolean;
  showsTrace: boolean;
  /** Whether any input failed. */
  hasFailed: boolean = false as boolean;
  lastLoaded: Origin | undefined;
  readonly #run: Run;
  readonly #isColored: boolean;
  #nInputs = 0;

  constructor(context: Context, args: Arguments, { run, isTerminal, isColored }: ReplOptions) {
    this.context = context;
    this.args = args;
    this.#run = run;
    this.isTerminal = isTerminal;
    this.#isColored = isColored;
    this.showsTrace = context.showTrace;
    this.world = new World(context, args, (error) => this.report(error));
  }

  [Symbol.dispose](): void {
    this.world[Symbol.dispose]();
  }

  /** Does what an input says. `isLast`: nothing follows, so that what is incomplete is wrong. @throws BrokenPipe */
  async process(text: Bytes, isLast = false): Promise<Outcome> {
    const input = readInput(text, this.#reading(isLast));
    if (input.kind === 'incomplete') return 'more';
    if (input.kind === 'blank') return 'done';
    this.#nInputs++;
    try {
      return await this.#perform(input, isLast);
    } catch (error) {
      if (error instanceof BrokenPipe) throw error;
      this.report(error);
      return 'done';
    }
  }

  async #perform(input: Exclude<Input, { kind: 'blank' | 'incomplete' }>, isLast: boolean): Promise<Outcome> {
    switch (input.kind) {
      case 'wrong':
        throw new Faults(input.faults);
      case 'bindings':
        this.evaluate(() => this.world.add({ kind: 'bindings', text: input }));
        return 'done';
      case 'expression':
        this.printResult(
          this.evaluate(() => this.#show(this.world.evaluate(input), this.context.isJson ? undefined : { maxDepth: 1 })),
        );
        return 'done';
      case 'command': {
        const command = findReplCommand(input.name);
        if (command === undefined) throw unknownReplCommand(input.name);
        if (input.argument === '' && (command.takes === 'expression' || command.takes === 'topic'))
          throw missingExpression(command);
        if (command.takes !== 'expression') return (await command.run(this, bytesToText(input.argument))) ?? 'done';
        const expression = this.readArgument(input.argument, isLast);
        return expression === 'more' ? 'more' : ((await command.run(this, expression)) ?? 'done');
      }
    }
  }

  /** An expression behind a command. @throws Faults */
  readArgument(text: Bytes, isLast: boolean): Parsed | 'more' {
    const read = readExpression(text, this.#reading(isLast || text === ''));
    if (read.kind === 'incomplete') return 'more';
    if (read.kind === 'wrong') throw new Faults(read.faults);
    return read;
  }

  /** Runs what evaluates; Ctrl-C ends it where there is a terminal. @throws Interrupted */
  evaluate<T>(run: () => T): T {
    try {
      return this.#run(run);
    } catch (error) {
      if (error instanceof Interrupted) this.world.invalidate();
      throw error;
    }
  }

  /** A value as text. @param how undefined: as JSON */
  #show(value: Value, how: { readonly maxDepth?: number } | undefined): Bytes {
    const { interpreter } = this.world;
    return how === undefined
      ? this.#paint('name', interpreter.toJson(value))
      : interpreter.guard(() => prettyValue(value, { ...how, paint: (role, text) => this.#paint(role, text) }));
  }

  /** All of a value; a string as it is. */
  showDeeply(slot: Slot): Bytes {
    const value = this.world.interpreter.force(slot);
    const text = value instanceof ContextString ? value.text : value;
    if (typeof text === 'string' && !this.context.isJson) return this.#paint('name', text);
    return this.#show(value, this.context.isJson ? undefined : {});
  }

  /** Text for stdout that is no value. */
  print(text: string): undefined {
    this.context.out.line(text);
  }

  /** In pieces: what is long can be stopped with Ctrl-C as well. @throws Interrupted */
  printResult(text: Bytes): undefined {
    const { out } = this.context;
    const whole = `${text}\n`;
    this.#run(() => {
      for (let at = 0; at < whole.length; at += PIECE) out.bytes(whole.slice(at, at + PIECE));
    });
  }

  /** A line for the person at the terminal; nothing in a pipe. */
  say(text: string): void {
    if (this.isTerminal && !this.context.isQuiet) this.context.out.talk(text);
  }

  /** Puts names into scope and says which. @throws Fault, Faults, Interrupted */
  load(origin: Origin): undefined {
    const names = this.evaluate(() => this.world.add(origin));
    this.lastLoaded = origin;
    const shown = names.names.slice(0, SHOWN_NAMES).map((name) => printable(bytesToText(name)));
    const more = names.size - shown.length;
    this.say(`added ${count(names.size, 'name')}${shown.length === 0 ? '' : `: ${shown.join(', ')}`}`);
    if (more > 0) this.say(`… and ${more} more; ':ll' lists them`);
  }

  reload(): undefined {
    this.evaluate(() => this.world.reload());
  }

  report(error: unknown): void {
    this.hasFailed = true;
    const { out } = this.context;
    if (error instanceof Interrupted) {
      if (this.#isColored) out.bytes('\x1b[0m');
      out.talk('interrupted');
      return;
    }
    const options = { color: out.isColored, fullTrace: this.showsTrace, program: 'igos repl', home: this.context.home };
    const { text } = endingOf(error, options);
    if (text !== '') out.talk(text.trimEnd());
  }

  /** A control character must not drive the terminal; names and texts of others may hold any. */
  #paint(role: PrettyRole, text: Bytes): Bytes {
    const safe = this.isTerminal ? textToBytes(printable(bytesToText(text))) : text;
    return this.#isColored && COLORS[role] !== undefined ? `\x1b[${COLORS[role]}m${safe}\x1b[0m` : safe;
  }

  #reading(isLast: boolean): { name: string; pipes: boolean; isLast: boolean } {
    return { name: `<repl:${this.#nInputs + 1}>`, pipes: this.world.interpreter.ctx.settings.pipes === true, isLast };
  }
}

const SHOWN_NAMES = 20;
/** Bytes that are written in one go. */
const PIECE = 1 << 14;

/** As nix repl colours them. */
const COLORS: Readonly<Record<PrettyRole, string | undefined>> = {
  literal: '36',
  string: '35',
  path: '32',
  function: '34',
  mark: '35',
  error: '31',
  name: undefined,
};
