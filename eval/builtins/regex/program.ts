/** Regular expressions as a graph of small steps, for the matcher. */
import { nullable } from './analysis.ts';
import type { ByteSet, RegexNode } from './tree.ts';

export const Op = { Accept: 0, Set: 1, Open: 2, Close: 3, Start: 4, End: 5, Either: 6, Repeat: 7 } as const;

export interface Program {
  readonly start: number;
  /** One of `Op`, per step. */
  readonly ops: readonly number[];
  readonly next: readonly number[];
  /** Either: the alternative tried first. Repeat: the body. Open, Close: the group. Set: index into `sets`. */
  readonly args: readonly number[];
  readonly sets: readonly ByteSet[];
  /** Numbers the steps that branch, from 0; -1 for the others. */
  readonly branch: readonly number[];
  readonly branches: number;
  /** Numbers the repeats whose body may match nothing; -1 for the others. */
  readonly counter: readonly number[];
  readonly counters: number;
  readonly groups: number;
}

export function compileProgram(root: RegexNode, groups: number): Program {
  const compiler = new Compiler();
  const accept = compiler.step(Op.Accept, -1, 0);
  const start = compiler.compile(root, accept);
  return { ...compiler, start, groups };
}

class Compiler {
  readonly ops: number[] = [];
  readonly next: number[] = [];
  readonly args: number[] = [];
  readonly sets: ByteSet[] = [];
  readonly branch: number[] = [];
  readonly counter: number[] = [];
  branches = 0;
  counters = 0;

  step(op: number, next: number, arg: number): number {
    this.branch.push(op === Op.Either || op === Op.Repeat ? this.branches++ : -1);
    this.counter.push(-1);
    this.next.push(next);
    this.args.push(arg);
    return this.ops.push(op) - 1;
  }

  /** Steps for `node`, then on to `next`. Built from the back. @returns the first step */
  compile(node: RegexNode, next: number): number {
    switch (node.kind) {
      case 'set':
        return this.step(Op.Set, next, this.sets.push(node.set) - 1);
      case 'sequence':
        return node.items.reduceRight((after, item) => this.compile(item, after), next);
      case 'alternatives': {
        const starts = node.options.map((option) => this.compile(option, next));
        return starts.slice(0, -1).reduceRight((after, start) => this.step(Op.Either, after, start), starts.at(-1)!);
      }
      case 'group': {
        const close = this.step(Op.Close, next, node.index);
        return this.step(Op.Open, this.compile(node.item, close), node.index);
      }
      case 'repeat':
        return this.#repeat(node.item, node.min, node.max, next);
      case 'lineStart':
        return this.step(Op.Start, next, 0);
      case 'lineEnd':
        return this.step(Op.End, next, 0);
    }
  }

  #repeat(item: RegexNode, min: number, max: number, next: number): number {
    let after = next;
    if (max === Infinity) {
      after = this.step(Op.Repeat, next, -1);
      if (nullable(item)) this.counter[after] = this.counters++;
      this.args[after] = this.compile(item, after);
    } else {
      // {0,2} is (item(item)?)?: a round that is not taken ends the whole repeat.
      for (let round = min; round < max; round++) {
        const optional = this.step(Op.Repeat, next, -1);
        this.args[optional] = this.compile(item, after);
        after = optional;
      }
    }
    for (let round = 0; round < min; round++) after = this.compile(item, after);
    return after;
  }
}
