/** The packages of a root as a resolver changes them, step by step, and takes steps back. */
import { compareBytes } from '../../base/index.ts';
import type { PackageRecord } from '../types.ts';
import type { Candidate } from './offers.ts';
import { accepts, offersOf, parseRequirement, type Requirement } from './requirement.ts';
import { type Entry, Roster } from './roster.ts';

/** A package that is there now: installed before, or chosen. */
export interface Member<T extends Candidate> extends Entry {
  readonly name: string;
  readonly about: Candidate;
  /** `undefined`: it is installed, and stays as it is. */
  readonly chosen: T | undefined;
  /** The number of the choice that made it what it is. */
  readonly level: number | undefined;
}

/** A package that is superseded by what is chosen, or comes along for that: a link of a chain. */
export interface Succeeded<T extends Candidate> {
  readonly name: string;
  readonly by: string;
  readonly link: T | undefined;
}

export interface Conflict<T extends Candidate> {
  readonly other: Member<T>;
  readonly text: string;
  /** It is due to whom one of them stands for here. */
  readonly isBySuccession: boolean;
}

export class World<T extends Candidate> {
  readonly #roster = new Roster<Member<T>>();
  /** As it was before anything was chosen. */
  readonly #installed = new Map<string, Member<T>>();
  /** Requirement name → members that need it, and how. */
  readonly #needed = new Map<string, Map<string, Requirement[]>>();
  /** Requirement name → members that exclude it. */
  readonly #excluded = new Map<string, Set<string>>();
  readonly #undo: (() => void)[] = [];

  constructor(installed: readonly PackageRecord[]) {
    for (const record of installed) {
      const { name, supersededBy } = record;
      const member = { name, about: record, chosen: undefined, supersededBy, level: undefined };
      this.#installed.set(name, member);
      this.#link(member);
    }
  }

  get roster(): Roster<Member<T>> {
    return this.#roster;
  }

  member(name: string): Member<T> | undefined {
    return this.#roster.active(name);
  }

  /** As they are now, by name: choices change their order. */
  members(): Member<T>[] {
    const members = [...this.#roster.entries()].filter(({ supersededBy }) => supersededBy.length === 0);
    return members.sort((a, b) => compareBytes(a.name, b.name));
  }

  /** What was chosen, or comes along, and takes a package's place as soon as that is there. */
  chosenSuccessor(name: string): Member<T> | undefined {
    for (const successor of this.#roster.successorsOf(name)) {
      const entry = this.#roster.entry(successor);
      if (entry?.chosen?.supersedes.includes(name) === true) return entry;
    }
    return undefined;
  }

  /** What is to be installed, with the links of chains. */
  chosen(): T[] {
    return [...this.#roster.entries()].flatMap(({ chosen }) => (chosen === undefined ? [] : [chosen]));
  }

  /** The member that meets a requirement. */
  meets(requirement: Requirement): Member<T> | undefined {
    return this.#roster.meeting(requirement).next().value;
  }

  /** Members with requirements on a name that a member stands for, and these requirements. */
  dependants(member: Member<T>): { readonly member: Member<T>; readonly needs: readonly Requirement[] }[] {
    const found = new Map<string, Requirement[]>();
    for (const name of this.#roster.offersOf(member.about).keys()) {
      for (const [by, needs] of this.#needed.get(name) ?? []) {
        const before = found.get(by);
        if (before === undefined) found.set(by, [...needs]);
        else before.push(...needs);
      }
    }
    return [...found].map(([name, needs]) => ({ member: this.member(name)!, needs }));
  }

  /** A member that another one cannot stand beside, and which of the two says so. */
  conflictOf({ name: own, about }: Member<T>): Conflict<T> | undefined {
    for (const text of about.conflicts) {
      const requirement = parseRequirement(text);
      for (const other of this.#roster.meeting(requirement)) {
        if (other.name === own) continue;
        const isBySuccession = !offersOf(other.about).has(requirement.name);
        return {
          other,
          text: `it conflicts with '${text}'${other.name === text ? '' : `, which is '${other.name}'`}`,
          isBySuccession,
        };
      }
    }
    const offers = offersOf(about);
    for (const [offered, version] of this.#roster.offersOf(about)) {
      for (const name of this.#excluded.get(offered) ?? []) {
        if (name === own) continue;
        const other = this.member(name)!;
        const text = other.about.conflicts.find((one) => {
          const requirement = parseRequirement(one);
          return requirement.name === offered && accepts(requirement, version);
        });
        if (text !== undefined)
          return { other, text: `'${other.name}' conflicts with '${text}'`, isBySuccession: !offers.has(offered) };
      }
    }
    return undefined;
  }

  /** Takes a package in, in the place of others. */
  choose(item: T, succeeded: readonly Succeeded<T>[], level: number): Member<T> {
    for (const { name, by, link } of succeeded) if (link === undefined) this.#supersede(name, by, level);
    for (const { name, by, link } of succeeded)
      if (link !== undefined) this.#put({ name, about: link, chosen: link, supersededBy: [by], level });
    const member = { name: item.name, about: item, chosen: item, supersededBy: [], level };
    this.#put(member);
    return member;
  }

  /** One that was chosen before, and takes nobody's place, need not come along. */
  #supersede(name: string, by: string, level: number): void {
    const member = this.member(name)!;
    const supersededBy = [by];
    const before = this.#installed.get(name);
    if (member.chosen?.supersedes.length !== 0) this.#put({ ...member, supersededBy, level });
    else if (before === undefined) this.#remove(name);
    else this.#put({ ...before, supersededBy: before.supersededBy.length === 0 ? supersededBy : before.supersededBy, level });
  }

  /** Whether what is to be installed supersedes each other in a circle below a package: no order of installation would do. */
  isRound(item: T): boolean {
    const open = new Set<T>();
    const done = new Set<T>();
    const stack: { readonly item: T; readonly next: Iterator<string> }[] = [];
    const enter = (one: T): void => {
      open.add(one);
      stack.push({ item: one, next: one.supersedes.values() });
    };
    enter(item);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const step = top.next.next();
      if (step.done === true) {
        open.delete(top.item);
        done.add(top.item);
        stack.pop();
        continue;
      }
      const older = this.#roster.entry(step.value)?.chosen;
      if (older === undefined || done.has(older)) continue;
      if (open.has(older)) return true;
      enter(older);
    }
    return false;
  }

  /** A point to come back to. */
  mark(): number {
    return this.#undo.length;
  }

  back(mark: number): void {
    while (this.#undo.length > mark) this.#undo.pop()!();
  }

  #put(member: Member<T>): void {
    const before = this.#roster.entry(member.name);
    if (before !== undefined) this.#unlink(before);
    this.#link(member);
    this.#undo.push(() => {
      this.#unlink(member);
      if (before !== undefined) this.#link(before);
    });
  }

  #remove(name: string): void {
    const before = this.#roster.entry(name)!;
    this.#unlink(before);
    this.#undo.push(() => this.#link(before));
  }

  #link(member: Member<T>): void {
    this.#roster.put(member);
    if (member.supersededBy.length > 0) return;
    for (const text of member.about.runtime) {
      const needs = parseRequirement(text);
      const by = this.#needed.get(needs.name) ?? new Map<string, Requirement[]>();
      this.#needed.set(needs.name, by.set(member.name, [...(by.get(member.name) ?? []), needs]));
    }
    for (const text of member.about.conflicts) {
      const { name } = parseRequirement(text);
      const by = this.#excluded.get(name) ?? new Set<string>();
      this.#excluded.set(name, by.add(member.name));
    }
  }

  #unlink(member: Member<T>): void {
    this.#roster.delete(member.name);
    if (member.supersededBy.length > 0) return;
    for (const text of member.about.runtime) this.#needed.get(parseRequirement(text).name)?.delete(member.name);
    for (const text of member.about.conflicts) this.#excluded.get(parseRequirement(text).name)?.delete(member.name);
  }
}
