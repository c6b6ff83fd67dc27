import { didYouMean } from '../base/index.ts';
import type { Command, Option } from './command.ts';
import { foreignLetter, optionsMeant, saidOtherwise } from './foreign-words.ts';

/** The command line was wrong: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly hints: readonly string[];
  constructor(message: string, hints: readonly string[] = []) {
    super(message);
    this.hints = hints;
  }
}

/** Parsed words of one command. Options are asked for by their long name; asking for one the command does not have is a Bug. */
export class Arguments {
  readonly operands: readonly string[];
  /** What stands behind `--`, of a command that runs others; of the rest these are operands, too. */
  readonly rest: readonly string[];
  readonly #values: ReadonlyMap<string, readonly (readonly string[])[]>;

  constructor(
    operands: readonly string[],
    values: ReadonlyMap<string, readonly (readonly string[])[]>,
    rest: readonly string[] = [],
  ) {
    this.operands = operands;
    this.rest = rest;
    this.#values = values;
  }

  has(long: string): boolean {
    return this.#values.has(long);
  }

  /** The first word with bytes that are not UTF-8; of operands only where a command does not take such. */
  mangledWord(mayBeOperand: boolean): string | undefined {
    const values = [...this.rest, ...this.#values.values()].flat(2);
    return [...(mayBeOperand ? [] : this.operands), ...values].find((word) => !word.isWellFormed());
  }

  /** The value of `--long VALUE`; the last one wins. */
  value(long: string): string | undefined {
    return this.#values.get(long)?.at(-1)?.[0];
  }

  /** Every `--long A B`, in order. */
  all(long: string): readonly (readonly string[])[] {
    return this.#values.get(long) ?? [];
  }

  /** A whole number of at least `least`. @throws UsageError */
  number(long: string, fallback: number, least = 1): number {
    const text = this.value(long);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least) {
      throw new UsageError(`--${long} takes a whole number of at least ${least}, not '${text}'`);
    }
    return value;
  }
}

/** Reads the words after the command's name. `--` ends options; `--long=value` and `-j4` are understood. @throws UsageError */
export function parseArguments(command: Command, shared: readonly Option[], words: readonly string[]): Arguments {
  const options = [...command.options, ...shared];
  const operands: string[] = [];
  const rest: string[] = [];
  const values = new Map<string, string[][]>();
  const queue = [...words];
  const help = `${command.program} ${command.name} --help`;

  const take = (option: Option, spelled: string, attached: string | undefined): void => {
    const wanted = option.values ?? [];
    const got: string[] = [];
    if (attached !== undefined) {
      if (wanted.length === 0) throw new UsageError(`${spelled} takes no value`, [`run '${help}'`]);
      got.push(attached);
    }
    while (got.length < wanted.length) {
      const next = queue.shift();
      if (next === undefined) throw new UsageError(`${spelled} needs ${wanted.join(' ')}`, [`run '${help}'`]);
      got.push(next);
    }
    if (option.choices && !option.choices.includes(got[0]!)) {
      throw new UsageError(
        `${spelled} takes one of ${option.choices.join(', ')}, not '${got[0]}'`,
        didYouMean(got[0]!, option.choices),
      );
    }
    const before = values.get(option.long);
    if (before && option.isRepeated) before.push(got);
    else values.set(option.long, [got]);
  };

  const unknownOption = (spelled: string, long: string | undefined): UsageError => {
    const names = options.map((candidate) => candidate.long);
    const meant = optionsMeant(long ?? '').find((name) => names.includes(name));
    const otherwise = command.program === 'igos' ? saidOtherwise(long ?? '') : undefined;
    const near = spelled.startsWith('--') ? didYouMean(spelled.slice(2), names).map((hint) => hint.replace("'", "'--")) : [];
    const hints = meant !== undefined ? [`here that is: --${meant}`] : otherwise !== undefined ? [otherwise] : near;
    return new UsageError(`unknown option '${spelled}'`, hints.length > 0 ? hints : [`run '${help}'`]);
  };

  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') {
      (command.runsCommands ? rest : operands).push(...queue.splice(0));
    } else if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const long = word.slice(2, equals === -1 ? undefined : equals);
      const option = options.find((candidate) => candidate.long === long);
      if (!option) throw unknownOption(`--${long}`, long);
      take(option, `--${long}`, equals === -1 ? undefined : word.slice(equals + 1));
    } else if (word.startsWith('-') && word.length > 1) {
      const option = options.find((candidate) => candidate.short === word![1]);
      if (!option) throw unknownOption(word, foreignLetter(word[1]!));
      if (option.values) take(option, `-${option.short}`, word.length > 2 ? word.slice(2) : undefined);
      else {
        take(option, `-${option.short}`, undefined);
        if (word.length > 2) queue.unshift(`-${word.slice(2)}`);
      }
    } else operands.push(word);
  }
  if (values.has('help')) return new Arguments(operands, values);
  const { minOperands, maxOperands } = command;
  if (operands.length < minOperands) {
    const example = command.examples[0]?.command;
    throw new UsageError(`${command.program} ${command.name} needs ${command.operands || 'an operand'}`, [
      ...(example === undefined ? [] : [`for example: ${example}`]),
      `run '${help}'`,
    ]);
  }
  if (operands.length > maxOperands) {
    throw new UsageError(`${command.program} ${command.name}: unexpected operand '${operands[maxOperands]}'`, [
      command.runsCommands
        ? `a command to run there stands behind --: ${command.program} ${command.name} ${command.operands}`
        : `run '${help}'`,
    ]);
  }
  return new Arguments(operands, values, rest);
}
