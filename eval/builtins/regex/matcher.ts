/**
 * Runs a program with the semantics of libstdc++'s depth-first executor, without its recursion and without its exponential cost:
 * the backtrack stack is an array, and what a branch led to at a position is remembered. Memory: one number per branch and byte of
 * the subject, plus the stack. Cost: O(branches × length), times 3 for each repeat whose body may match nothing.
 */
import type { Bytes } from '../../../base/index.ts';
import { Op, type Program } from './program.ts';

/** Start and end offset of each group, -1 where it took no part; the first pair is the whole match. */
export type Captures = Int32Array;

const maxMarks = 1 << 24;
const frameSize = 5;
const Frame = { EitherFirst: 0, EitherSecond: 1, RepeatMore: 2, RepeatEnd: 3 } as const;

export class Matcher {
  readonly #program: Program;
  readonly #subject: Bytes;
  readonly #marks: Int32Array | Map<number, number>;
  readonly #powers: number[];
  #attempt = 1;

  constructor(program: Program, subject: Bytes) {
    this.#program = program;
    this.#subject = subject;
    this.#powers = Array.from({ length: program.counters }, (_, index) => 3 ** index);
    const size = program.branches * (subject.length + 1) * 3 ** program.counters;
    this.#marks = size <= maxMarks ? new Int32Array(size) : new Map();
  }

  /** Matches the whole subject. */
  exact(): Captures | undefined {
    return this.#run(0, { isExact: true, mustConsume: false });
  }

  /** The longest match that begins at `start`. */
  at(start: number, mustConsume: boolean): Captures | undefined {
    return this.#run(start, { isExact: false, mustConsume });
  }

  #run(start: number, mode: { isExact: boolean; mustConsume: boolean }): Captures | undefined {
    const { ops, next, args, sets, groups, counter, counters, branch } = this.#program;
    const subject = this.#subject;
    const length = subject.length;
    const attempt = ++this.#attempt;
    // A failure holds for every attempt, unless it failed only because this attempt must consume.
    const failed = mode.mustConsume ? -attempt : -1;
    // Per group: where it opened, start and end of its last complete match. Then position and rounds of each counter.
    const counterBase = groups * 3;
    const registers = new Int32Array(counterBase + counters * 2).fill(-1);
    const trail: number[] = [];
    const stack: number[] = [];
    let best: Int32Array | undefined;
    let bestEnd = -1;
    let pc = this.#program.start;
    let at = start;

    const set = (register: number, value: number): void => {
      trail.push(register, registers[register]!);
      registers[register] = value;
    };
    for (;;) {
      let found = false;
      descend: for (;;) {
        switch (ops[pc]) {
          case Op.Set:
            if (at === length || sets[args[pc]!]![subject.charCodeAt(at)] !== 1) break descend;
            at++;
            pc = next[pc]!;
            continue;
          case Op.Open:
            set(args[pc]! * 3, at);
            pc = next[pc]!;
            continue;
          case Op.Close: {
            const group = args[pc]! * 3;
            set(group + 1, registers[group]!);
            set(group + 2, at);
            pc = next[pc]!;
            continue;
          }
          case Op.Start:
            if (at !== 0) break descend;
            pc = next[pc]!;
            continue;
          case Op.End:
            if (at !== length) break descend;
            pc = next[pc]!;
            continue;
          case Op.Accept:
            if ((mode.isExact && at !== length) || (mode.mustConsume && at === start)) break descend;
            found = true;
            if (at > bestEnd) {
              bestEnd = at;
              best = registers.slice(0, counterBase);
            }
            if (mode.isExact) return captures(best!, groups, start, bestEnd);
            break descend;
          default: {
            const known = this.#recall(branch[pc]!, at, registers, counterBase);
            if (known === -1 || known === -attempt) break descend;
            if (known === attempt) {
              found = true;
              break descend;
            }
            if (ops[pc] === Op.Either) {
              stack.push(Frame.EitherFirst, pc, at, trail.length, 0);
              pc = args[pc]!;
              continue;
            }
            const index = counter[pc]!;
            if (index === -1) {
              stack.push(Frame.RepeatMore, pc, at, trail.length, 0);
              pc = args[pc]!;
              continue;
            }
            const register = counterBase + index * 2;
            const rounds = registers[register] === at ? registers[register + 1]! : 0;
            if (rounds === 2) {
              stack.push(Frame.RepeatEnd, pc, at, trail.length, 0);
              pc = next[pc]!;
              continue;
            }
            stack.push(Frame.RepeatMore, pc, at, trail.length, 0);
            set(register, at);
            set(register + 1, rounds + 1);
            pc = args[pc]!;
          }
        }
      }
      for (;;) {
        if (stack.length === 0) return best === undefined ? undefined : captures(best, groups, start, bestEnd);
        const frame = stack.length - frameSize;
        const kind = stack[frame]!;
        pc = stack[frame + 1]!;
        at = stack[frame + 2]!;
        const height = stack[frame + 3]!;
        while (trail.length > height) {
          const value = trail.pop()!;
          registers[trail.pop()!] = value;
        }
        if (kind === Frame.EitherFirst) {
          stack[frame] = Frame.EitherSecond;
          stack[frame + 4] = found ? 1 : 0;
          pc = next[pc]!;
          break;
        }
        if (kind === Frame.RepeatMore && !found) {
          stack[frame] = Frame.RepeatEnd;
          pc = next[pc]!;
          break;
        }
        if (stack[frame + 4] === 1) found = true;
        stack.length = frame;
        this.#remember(branch[pc]!, at, registers, counterBase, found ? attempt : failed);
      }
    }
  }

  #key(branch: number, at: number, registers: Int32Array, counterBase: number): number {
    let code = 0;
    for (let index = 0; index < this.#powers.length; index++) {
      const register = counterBase + index * 2;
      if (registers[register] === at) code += registers[register + 1]! * this.#powers[index]!;
    }
    return (branch * (this.#subject.length + 1) + at) * 3 ** this.#powers.length + code;
  }

  #recall(branch: number, at: number, registers: Int32Array, counterBase: number): number {
    const key = this.#key(branch, at, registers, counterBase);
    return this.#marks instanceof Map ? (this.#marks.get(key) ?? 0) : this.#marks[key]!;
  }

  #remember(branch: number, at: number, registers: Int32Array, counterBase: number, mark: number): void {
    const key = this.#key(branch, at, registers, counterBase);
    if (this.#marks instanceof Map) this.#marks.set(key, mark);
    else this.#marks[key] = mark;
  }
}

function captures(registers: Int32Array, groups: number, start: number, end: number): Captures {
  const pairs = new Int32Array((groups + 1) * 2).fill(-1);
  pairs[0] = start;
  pairs[1] = end;
  for (let group = 0; group < groups; group++) {
    pairs[group * 2 + 2] = registers[group * 3 + 1]!;
    pairs[group * 2 + 3] = registers[group * 3 + 2]!;
  }
  return pairs;
}
