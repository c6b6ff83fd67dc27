/** The packages of a root as a resolver changes them, step by step, and takes steps back. */
import type { PackageRecord } from '../types.ts';
import { accepts, type Offering, offersOf, parseRequirement, type Requirement } from './requirement.ts';

/** What the resolver must know of a package that could be installed. */
export interface Candidate extends Offering {
  readonly release: number;
  readonly runtime: readonly string[];
  readonly conflicts: readonly string[];
}

/** A package that is there now: installed before, or chosen. */
export interface Member<T extends Candidate> {
  readonly name: string;
  readonly about: Candidate;
  /** `undefined`: it is installed, and stays as it is. */
  readonly chosen: T | undefined;
}

export class World<T extends Candidate> {
  readonly #members = new Map<string, Member<T>>();
  readonly #offers = new Map<string, Map<string, string | undefined>>();
  /** Requirement name → members that need it, and how. */
  readonly #needed = new Map<string, Map<string, Requirement[]>>();
  /** Requirement name → members that exclude it. */
  readonly #excluded = new Map<string, Set<string>>();
  readonly #undo: (() => void)[] = [];
  /** Name of a superseded record → its successors. */
  readonly #successors = new Map<string, readonly string[]>();

  constructor(installed: readonly PackageRecord[]) {
    for (const record of installed) {
      if (record.supersededBy.length === 0) this.#put({ name: record.name, about: record, chosen: undefined });
      else this.#successors.set(record.name, record.supersededBy);
    }
  }

  member(name: string): Member<T> | undefined {
    return this.#members.get(name);
  }

  /** Active packages that took over a superseded one's place. */
  activeSuccessors(name: string): string[] {
    return (this.#successors.get(name) ?? []).filter((successor) => this.#members.has(successor));
  }

  /** What was chosen to take a package's place. */
  chosenSuccessor(name: string): Member<T> | undefined {
    for (const by of this.#offers.get(name)?.keys() ?? []) {
      const member = this.#members.get(by)!;
      if (by !== name && member.chosen?.supersedes.includes(name) === true) return member;
    }
    return undefined;
  }

  /** It was there once, and a superseded record of it is still there. */
  isSuperseded(name: string): boolean {
    return this.#successors.has(name);
  }

  chosen(): T[] {
    return [...this.#members.values()].flatMap((member) => (member.chosen === undefined ? [] : [member.chosen]));
  }

  /** The member that meets a requirement. */
  meets(requirement: Requirement): Member<T> | undefined {
    return this.allThatMeet(requirement).next().value;
  }

  /** The members that meet a requirement, one after the other. */
  *allThatMeet(requirement: Requirement): Generator<Member<T>, undefined> {
    for (const [by, version] of this.#offers.get(requirement.name) ?? []) {
      if (accepts(requirement, version)) yield this.#members.get(by)!;
    }
    for (const successor of this.activeSuccessors(requirement.name)) {
      const member = this.#members.get(successor)!;
      if (accepts(requirement, member.about.version)) yield member;
    }
  }

  /** Members with requirements on a name that `about` stands for, and these requirements. */
  dependants(about: Candidate): { readonly member: Member<T>; readonly needs: readonly Requirement[] }[] {
    const found = new Map<string, Requirement[]>();
    for (const name of offersOf(about).keys()) {
      for (const [by, needs] of this.#needed.get(name) ?? []) {
        const before = found.get(by);
        found.set(by, before === undefined ? needs : [...before, ...needs]);
      }
    }
    return [...found].map(([name, needs]) => ({ member: this.#members.get(name)!, needs }));
  }

  /** A member that `about` cannot stand beside, and which of the two says so. */
  conflictOf(about: Candidate): { readonly other: Member<T>; readonly text: string } | undefined {
    for (const text of about.conflicts) {
      const requirement = parseRequirement(text);
      for (const [by, version] of this.#offers.get(requirement.name) ?? []) {
        if (by !== about.name && accepts(requirement, version))
          return { other: this.#members.get(by)!, text: `it conflicts with '${text}'${by === text ? '' : `, which is '${by}'`}` };
      }
    }
    for (const [offered, version] of offersOf(about)) {
      for (const name of this.#excluded.get(offered) ?? []) {
        const other = this.#members.get(name)!;
        if (other.name === about.name) continue;
        const text = other.about.conflicts.find((one) => {
          const requirement = parseRequirement(one);
          return requirement.name === offered && accepts(requirement, version);
        });
        if (text !== undefined) return { other, text: `'${other.name}' conflicts with '${text}'` };
      }
    }
    return undefined;
  }

  choose(item: T): void {
    this.#put({ name: item.name, about: item, chosen: item });
  }

  remove(name: string): void {
    const before = this.#members.get(name);
    if (before === undefined) return;
    this.#unlink(before);
    this.#undo.push(() => this.#link(before));
  }

  /** A point to come back to. */
  mark(): number {
    return this.#undo.length;
  }

  back(mark: number): void {
    while (this.#undo.length > mark) this.#undo.pop()!();
  }

  #put(member: Member<T>): void {
    this.remove(member.name);
    this.#link(member);
    this.#undo.push(() => this.#unlink(member));
  }

  #link(member: Member<T>): void {
    this.#members.set(member.name, member);
    for (const [name, version] of offersOf(member.about)) {
      const by = this.#offers.get(name) ?? new Map<string, string | undefined>();
      this.#offers.set(name, by.set(member.name, version));
    }
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
    this.#members.delete(member.name);
    for (const name of offersOf(member.about).keys()) this.#offers.get(name)?.delete(member.name);
    for (const text of member.about.runtime) this.#needed.get(parseRequirement(text).name)?.delete(member.name);
    for (const text of member.about.conflicts) this.#excluded.get(parseRequirement(text).name)?.delete(member.name);
  }
}
