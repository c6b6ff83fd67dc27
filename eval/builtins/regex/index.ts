/** POSIX extended regular expressions on byte strings, with the results that Nix gets from C++'s `std::regex`. */
import type { Bytes } from '../../../base/index.ts';
import { analyse, type RegexFacts } from './analysis.ts';
import { type Captures, Matcher } from './matcher.ts';
import { nativeSource } from './native.ts';
import { parseRegex } from './parse.ts';
import { compileProgram, type Program } from './program.ts';
import type { RegexNode } from './tree.ts';

export { RegexError } from './tree.ts';

/** What a group matched; null where it took no part. */
export type Group = Bytes | null;

/** Steps that backtracking may cost before the memoising matcher is taken instead. */
const nativeBudget = 1e7;

export class Regex {
  readonly #root: RegexNode;
  readonly #groups: number;
  readonly #facts: RegexFacts;
  #exact: RegExp | undefined;
  #search: RegExp | undefined;
  #program: Program | undefined;

  /** @throws RegexError */
  constructor(pattern: Bytes) {
    const { root, groups } = parseRegex(pattern);
    this.#root = root;
    this.#groups = groups;
    this.#facts = analyse(root);
  }

  /** The groups, where the expression matches all of `subject`. */
  match(subject: Bytes): Group[] | undefined {
    if (this.#facts.isNativeExact && this.#isCheap(subject)) {
      this.#exact ??= new RegExp(`^(?:${nativeSource(this.#root)})$`);
      const found = attempt(this.#exact, subject);
      if (found !== 'too deep') return found === null ? undefined : nativeGroups(found);
    }
    const found = this.#matcher(subject).exact();
    return found && groupsOf(subject, found);
  }

  /** The text between matches and the groups of each match, in turn; begins and ends with a text. */
  split(subject: Bytes): (Bytes | Group[])[] {
    if (this.#facts.isNativeSearch && this.#isCheap(subject)) {
      const parts = this.#splitNative(subject);
      if (parts !== undefined) return parts;
    }
    const parts: (Bytes | Group[])[] = [];
    const matcher = this.#matcher(subject);
    let done = 0;
    let found = this.#findFrom(matcher, subject, 0);
    while (found !== undefined) {
      const [from, to] = [found[0]!, found[1]!];
      parts.push(subject.slice(done, from), groupsOf(subject, found));
      done = to;
      if (from !== to) found = this.#findFrom(matcher, subject, to);
      else if (to === subject.length) break;
      else found = matcher.at(to, true) ?? this.#findFrom(matcher, subject, to + 1);
    }
    parts.push(subject.slice(done));
    return parts;
  }

  #findFrom(matcher: Matcher, subject: Bytes, start: number): Captures | undefined {
    const { isNullable, first } = this.#facts;
    for (let at = start; at <= subject.length; at++) {
      if (!isNullable && (at === subject.length || first[subject.charCodeAt(at)] === 0)) continue;
      const found = matcher.at(at, false);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #splitNative(subject: Bytes): (Bytes | Group[])[] | undefined {
    this.#search ??= new RegExp(nativeSource(this.#root), 'g');
    this.#search.lastIndex = 0;
    const parts: (Bytes | Group[])[] = [];
    let done = 0;
    for (;;) {
      const found = attempt(this.#search, subject);
      if (found === 'too deep') return undefined;
      if (found === null) break;
      parts.push(subject.slice(done, found.index), nativeGroups(found));
      done = this.#search.lastIndex;
    }
    parts.push(subject.slice(done));
    return parts;
  }

  #matcher(subject: Bytes): Matcher {
    this.#program ??= compileProgram(this.#root, this.#groups);
    return new Matcher(this.#program, subject);
  }

  #isCheap(subject: Bytes): boolean {
    return this.#facts.loops <= 2 || subject.length ** this.#facts.loops <= nativeBudget;
  }
}

/** V8's backtrack stack is limited; a subject that exhausts it goes to our own matcher. */
function attempt(regex: RegExp, subject: Bytes): RegExpExecArray | null | 'too deep' {
  try {
    return regex.exec(subject);
  } catch (error) {
    if (error instanceof RangeError) return 'too deep';
    throw error;
  }
}

function nativeGroups(found: RegExpExecArray): Group[] {
  const groups: Group[] = [];
  for (let index = 1; index < found.length; index++) groups.push((found[index] as Bytes | undefined) ?? null);
  return groups;
}

function groupsOf(subject: Bytes, captures: Captures): Group[] {
  const groups: Group[] = [];
  for (let at = 2; at < captures.length; at += 2) {
    groups.push(captures[at] === -1 ? null : subject.slice(captures[at], captures[at + 1]));
  }
  return groups;
}
