/**
 * Which packages must come along so that a wish can be met: a depth-first search with backtracking over requirements, versions,
 * providers, conflicts and successors. The first choice is nearly always right (the newest of the preferred repository), so that
 * the cost is that of the closure; where it is not, other candidates are tried, and a failure says what was.
 *
 * What fails says which choices it is due to, and the search goes back to the last one of them: another version of what has nothing
 * to do with it would fail in the same way. Which candidates cannot be together is learned, and not tried again.
 */
import type { Fault } from '../../base/index.ts';
import type { PackageRecord } from '../types.ts';
import { compareReleases } from '../versions.ts';
import { explainFailure, type Failure, MAX_TRIED, notOffered } from './explain.ts';
import { installOrder } from './install-order.ts';
import { accepts, excludes, offersOf, parseRequirement, type Requirement } from './requirement.ts';
import { type Candidate, type Member, World } from './world.ts';

export interface ResolveRequest<T extends Candidate> {
  /** What could be had. Of one name and version, the first is taken. */
  readonly offered: readonly T[];
  /** All records, superseded ones too. */
  readonly installed: readonly PackageRecord[];
  /** Requirements. With `upgrade` names of installed packages; none: all of them. */
  readonly wanted: readonly string[];
  /** Brings what is installed to the newest, and its successors with it. */
  readonly upgrade?: boolean;
  /** Packages that stay as they are. */
  readonly holds?: ReadonlySet<string>;
  /** Negative where `a` is to be preferred to `b`, another one of the same name. Default: the newer. */
  readonly prefer?: (a: T, b: T) => number;
}

/** One thing that must be met. */
interface Goal<T extends Candidate> {
  readonly requirement: Requirement;
  /** Who asks; `undefined`: the user. */
  readonly asker: Member<T> | undefined;
  /** The choice that brought it up. */
  readonly level?: number;
  /** These and no others may meet it. */
  readonly only?: readonly T[];
  /** What is installed does, should none of them be possible. */
  readonly canStay?: boolean;
  /** A better one is wanted, even though it is met. */
  readonly isWish: boolean;
}

interface Agenda<T extends Candidate> {
  readonly goal: Goal<T>;
  readonly next: Agenda<T> | undefined;
}

interface ChoicePoint<T extends Candidate> {
  readonly goal: Goal<T>;
  readonly rest: Agenda<T> | undefined;
  readonly options: readonly T[];
  index: number;
  readonly mark: number;
  readonly reasons: string[];
  /** One of the options could be taken: what failed then is said there. */
  wasTaken: boolean;
  /** Earlier choices, by their number, that leave nothing for it … */
  readonly blamed: Set<number>;
  /** … or more of them than can be told. */
  blamesAll: boolean;
}

/** Failures of a search before it is given up: what has no solution may take for ever to prove. */
const MAX_FAILURES = 100_000;
/** What is learned of more candidates than these hardly ever tells anything again. */
const MAX_LEARNED = 16;

/**
 * @returns what to fetch and install, in order: predecessors and what is needed first
 * @throws Fault E-PKM-013 a requirement cannot be met · E-PKM-040 a held package would have to change
 */
export function resolvePackages<T extends Candidate>(request: ResolveRequest<T>): T[] {
  return new Resolver(request).run();
}

class Resolver<T extends Candidate> {
  readonly #request: ResolveRequest<T>;
  readonly #world: World<T>;
  readonly #byName = new Map<string, T[]>();
  readonly #byOffer = new Map<string, T[]>();
  readonly #bySuperseded = new Map<string, T[]>();
  /** Asker and requirement → what failed first there. */
  readonly #failures = new Map<string, Failure>();
  /** Chosen name → who asked for it first. */
  readonly #askers = new Map<string, string | undefined>();
  /** Chosen name → predecessors that come along to be superseded by it. */
  readonly #links = new Map<string, readonly T[]>();
  /** Chosen name → the number of the choice. */
  readonly #levels = new Map<string, number>();
  /** Installed name that something superseded → the number of that choice. */
  readonly #removals = new Map<string, number>();
  /** Candidate → others that it cannot be together with: not with all of one list. */
  readonly #learned = new Map<T, (readonly T[])[]>();
  /** The root as it was before any choice. */
  #before: World<T> | undefined;
  #nFailures = 0;

  constructor(request: ResolveRequest<T>) {
    this.#request = request;
    this.#world = new World<T>(request.installed);
    const prefer = request.prefer ?? newestFirst;
    const add = (map: Map<string, T[]>, name: string, item: T): void => {
      const list = map.get(name);
      if (list === undefined) map.set(name, [item]);
      else list.push(item);
    };
    for (const item of request.offered) add(this.#byName, item.name, item);
    for (const list of this.#byName.values()) list.sort(prefer);
    for (const list of this.#byName.values()) {
      for (const item of list) {
        for (const name of offersOf(item).keys()) if (name !== item.name) add(this.#byOffer, name, item);
        for (const name of item.supersedes) add(this.#bySuperseded, name, item);
      }
    }
  }

  run(): T[] {
    const goals = this.#request.upgrade === true ? this.#upgradeGoals() : this.#wishGoals();
    this.#search(toAgenda(goals, undefined));
    const chosen = this.#world.chosen();
    const names = new Set(chosen.map((item) => item.name));
    const links = new Map(chosen.flatMap((item) => (this.#links.get(item.name) ?? []).map((link) => [link.name, link] as const)));
    return installOrder([...[...links.values()].filter((link) => !names.has(link.name)), ...chosen]);
  }

  #wishGoals(): Goal<T>[] {
    const wishes = this.#request.wanted.map((text): Goal<T> => {
      const requirement = parseRequirement(text);
      if (this.#candidates(requirement).length === 0 && this.#world.meets(requirement) === undefined) {
        throw notOffered(text, this.#byName.get(requirement.name) ?? [], [...this.#byName.keys(), ...this.#byOffer.keys()]);
      }
      return { requirement, asker: undefined, isWish: true, canStay: this.#world.meets(requirement) !== undefined };
    });
    // Once more in the end: what came for a later one may have taken the place of what was there.
    return [...wishes, ...wishes.map((wish) => ({ ...wish, isWish: false, canStay: false }))];
  }

  #upgradeGoals(): Goal<T>[] {
    const { wanted, installed, holds } = this.#request;
    const isAll = wanted.length === 0;
    const names = isAll
      ? installed.filter((record) => record.supersededBy.length === 0 && holds?.has(record.name) !== true).map(({ name }) => name)
      : wanted;
    return names.flatMap((name): Goal<T>[] => {
      const requirement = parseRequirement(name);
      const successors = newestOfEach(this.#bySuperseded.get(requirement.name) ?? []).filter(
        (item) => this.#world.member(item.name) === undefined,
      );
      if (successors.length > 0)
        return successors.map((item) => ({
          requirement: parseRequirement(item.name),
          asker: undefined,
          only: [item],
          isWish: true,
          canStay: isAll,
        }));
      const newer = this.#candidates(requirement).filter((item) => item.name === requirement.name && this.#isNewer(item));
      return newer.length === 0 ? [] : [{ requirement, asker: undefined, only: newer, isWish: true, canStay: isAll }];
    });
  }

  #isNewer(item: T): boolean {
    const there = this.#world.member(item.name)?.about;
    return there === undefined || compareReleases(item, there) > 0;
  }

  #search(start: Agenda<T> | undefined): void {
    const points: ChoicePoint<T>[] = [];
    let agenda = start;
    while (agenda !== undefined) {
      const { goal, next } = agenda;
      if (this.#isMet(goal)) {
        agenda = next;
        continue;
      }
      points.push({
        goal,
        rest: next,
        options: this.#options(goal),
        index: 0,
        mark: this.#world.mark(),
        reasons: [],
        wasTaken: false,
        blamed: this.#blamedFor(goal),
        blamesAll: this.#hasOtherWays(goal),
      });
      agenda = this.#nextChoice(points);
    }
  }

  #isMet({ requirement, asker, isWish, only }: Goal<T>): boolean {
    if (asker !== undefined && this.#world.member(asker.name) !== asker) return true; // it was replaced meanwhile
    if (only !== undefined) return only.some((item) => this.#world.member(item.name)?.chosen === item);
    const by = this.#world.meets(requirement);
    return by !== undefined && (!isWish || by.chosen !== undefined);
  }

  /** Goes on with the newest choice that is left to make, and has a part in what failed. @throws Fault none is */
  #nextChoice(points: ChoicePoint<T>[]): Agenda<T> | undefined {
    for (;;) {
      const point = points.at(-1);
      if (point === undefined) throw this.#explain(undefined);
      this.#world.back(point.mark);
      const item = point.options[point.index++];
      if (item !== undefined) {
        const goals = this.#tryChoice(item, point, points.length - 1);
        if (goals !== undefined) {
          point.wasTaken = true;
          return toAgenda(goals, point.rest);
        }
        continue;
      }
      if (point.goal.canStay === true && point.index === point.options.length + 1) return point.rest;
      points.pop();
      if (!point.wasTaken) this.#fail(point);
      if (++this.#nFailures > MAX_FAILURES) throw this.#explain('too many combinations were tried');
      this.#goBack(points, point);
    }
  }

  /** To the last choice that `failed` is due to; the others cannot be together. */
  #goBack(points: ChoicePoint<T>[], { blamed, blamesAll }: ChoicePoint<T>): void {
    if (!blamesAll) {
      points.length = [...blamed].reduce((last, level) => Math.max(last, level), -1) + 1;
      this.#learn([...blamed].map((level) => points[level]!.options[points[level]!.index - 1]!));
    }
    const last = points.at(-1);
    if (last === undefined) return;
    if (blamesAll) last.blamesAll = true;
    for (const level of blamed) if (level < points.length - 1) last.blamed.add(level);
  }

  #learn(items: readonly T[]): void {
    if (items.length > MAX_LEARNED) return;
    for (const item of items) {
      const others = items.filter((other) => other !== item);
      const lists = this.#learned.get(item);
      if (lists === undefined) this.#learned.set(item, [others]);
      else lists.push(others);
    }
  }

  #isChosen(item: T): boolean {
    return this.#world.member(item.name)?.chosen === item;
  }

  /** The choices but for which a goal that is not met would not be there, or would be met. */
  #blamedFor({ requirement, asker, level }: Goal<T>): Set<number> {
    const blamed = new Set<number>();
    const blame = (at: number | undefined): void => {
      if (at !== undefined) blamed.add(at);
    };
    blame(level);
    if (asker?.chosen !== undefined) blame(this.#levels.get(asker.name));
    this.#before ??= new World<T>(this.#request.installed);
    for (const { name } of this.#before.allThatMeet(requirement)) blame(this.#whoReplaced(name));
    return blamed;
  }

  /** The choice that took an installed package away, or its place. */
  #whoReplaced(name: string): number | undefined {
    const now = this.#world.member(name);
    if (now === undefined) return this.#removals.get(name);
    return now.chosen === undefined ? undefined : this.#levels.get(name);
  }

  /** An installed package that asks might go in ways that are no options of the goal. */
  #hasOtherWays({ asker, requirement, only }: Goal<T>): boolean {
    if (only !== undefined || asker === undefined || asker.chosen !== undefined) return false;
    const isAgain = (item: T): boolean =>
      compareReleases(item, asker.about) === 0 && !item.runtime.some((text) => parseRequirement(text).text === requirement.text);
    return (this.#byName.get(asker.name) ?? []).some(isAgain) || this.#bySuperseded.has(asker.name);
  }

  /** Whether an installed package that `item` cannot stand beside might make room for it. */
  #mayGo({ about }: Member<T>, item: T): boolean {
    const isOther = (one: T): boolean => compareReleases(one, about) >= 0 && !excludes(one, item) && !excludes(item, one);
    return this.#bySuperseded.has(about.name) || (this.#byName.get(about.name) ?? []).some(isOther);
  }

  /** What may meet a goal, the preferred first; and another version of who asks, should it be an installed package. */
  #options({ requirement, asker, only }: Goal<T>): T[] {
    if (only !== undefined) return [...only];
    const found = this.#candidates(requirement);
    if (asker === undefined || asker.chosen !== undefined) return found;
    const instead = [
      ...(this.#byName.get(asker.name) ?? []).filter((item) => this.#isNewer(item)),
      ...newestOfEach(this.#bySuperseded.get(asker.name) ?? []),
    ];
    return [...found, ...instead.filter((item) => !found.includes(item))];
  }

  #candidates(requirement: Requirement): T[] {
    const all = [...(this.#byName.get(requirement.name) ?? []), ...(this.#byOffer.get(requirement.name) ?? [])];
    return all.filter((item) => accepts(requirement, offersOf(item).get(requirement.name)));
  }

  /** Takes a candidate into the world. @returns what it asks for in turn; `undefined` where it cannot be taken */
  #tryChoice(item: T, point: ChoicePoint<T>, level: number): Goal<T>[] | undefined {
    const { asker } = point.goal;
    const refuse = (why: string, isDueToAll: boolean = false): undefined => {
      point.reasons.push(`${label(item)} was tried: ${why}`);
      if (isDueToAll) point.blamesAll = true;
      return undefined;
    };
    const blame = ({ name, chosen }: { name: string; chosen: T | undefined }): void => {
      if (chosen !== undefined) point.blamed.add(this.#levels.get(name)!);
    };
    const { holds } = this.#request;
    const there = this.#world.member(item.name);
    if (there?.chosen !== undefined) {
      blame(there);
      return refuse(`${label(there.about)} is to be installed already`);
    }
    const learned = this.#learned.get(item)?.find((others) => others.every((other) => this.#isChosen(other)));
    if (learned !== undefined) {
      for (const { name } of learned) point.blamed.add(this.#levels.get(name)!);
      point.wasTaken = true;
      return undefined;
    }
    const next = this.#world.chosenSuccessor(item.name);
    if (next !== undefined) {
      blame(next);
      return refuse(`it is superseded by '${label(next.about)}', which is to be installed`);
    }
    const mayGo = this.#bySuperseded.has(item.name);
    if (there !== undefined && compareReleases(item, there.about) < 0)
      return refuse(`${there.about.version}, which is installed, is newer`, mayGo);
    const isOther = there !== undefined && compareReleases(item, there.about) !== 0;
    if (isOther && holds?.has(item.name) === true) return refuse(`'${item.name}' is held at ${there.about.version}`, mayGo);
    const successors = this.#world.activeSuccessors(item.name);
    if (successors.length > 0) {
      const isFirm = successors.some((name) => !this.#bySuperseded.has(name));
      return refuse(`it was superseded by '${successors.join("', '")}'`, !isFirm);
    }
    const { links, olds } = this.#chain(item, new Set());
    const held = olds.find((name) => holds?.has(name) === true);
    if (held !== undefined) return refuse(`it would supersede '${held}', which is held`, true);
    const touched = [item.name, ...olds].flatMap((name) => this.#world.member(name) ?? []);
    const dependants = touched.flatMap(({ about }) => this.#world.dependants(about));
    for (const { name } of touched) {
      if (name === item.name) continue;
      this.#world.remove(name);
      this.#removals.set(name, level);
    }
    const conflict = this.#world.conflictOf(item);
    if (conflict !== undefined && !item.supersedes.includes(conflict.other.name)) {
      const { other, text } = conflict;
      blame(other);
      const isThere = other.chosen === undefined;
      return refuse(`${text}${isThere ? `, and '${other.name}' is installed` : ''}`, isThere && this.#mayGo(other, item));
    }
    this.#world.choose(item);
    this.#levels.set(item.name, level);
    this.#links.set(item.name, links);
    const member = this.#world.member(item.name)!;
    if (!this.#askers.has(item.name)) this.#askers.set(item.name, asker?.name);
    return [
      ...item.runtime.map((text): Goal<T> => ({ requirement: parseRequirement(text), asker: member, level, isWish: false })),
      ...dependants.flatMap((dependant) =>
        dependant.needs.map((requirement): Goal<T> => ({ requirement, asker: dependant.member, level, isWish: false })),
      ),
    ];
  }

  /**
   * What a successor takes over, through predecessors that were never installed here: those come along as links of the chain,
   * and are superseded at once, as if each step had been a transaction. One that leads to nothing installed is left out.
   */
  #chain(item: Candidate, seen: Set<string>): { links: T[]; olds: string[] } {
    const links: T[] = [];
    const olds: string[] = [];
    for (const name of item.supersedes) {
      if (seen.has(name)) continue;
      seen.add(name);
      const older = this.#byName.get(name)?.[0];
      if (this.#world.member(name) !== undefined) olds.push(name);
      else if (older !== undefined && !this.#world.isSuperseded(name)) {
        const further = this.#chain(older, seen);
        if (further.olds.length === 0) continue;
        links.push(...further.links, older);
        olds.push(...further.olds);
      }
    }
    return { links, olds };
  }

  #fail({ goal, reasons }: ChoicePoint<T>): void {
    const { requirement, asker } = goal;
    const key = `${asker === undefined ? '' : label(asker.about)} ${requirement.text}`;
    if (this.#failures.has(key)) return;
    const tried = [...reasons];
    for (const item of this.#byName.get(requirement.name) ?? []) {
      if (!accepts(requirement, item.version)) tried.push(`${label(item)} is offered, which is not ${requirement.text}`);
    }
    const there = this.#world.member(requirement.name);
    if (there !== undefined && !accepts(requirement, there.about.version))
      tried.push(
        `${label(there.about)} is ${there.chosen === undefined ? 'installed' : 'to be installed'}, which is not ${requirement.text}`,
      );
    const askers = this.#askersOf(asker);
    this.#failures.set(key, {
      requirement: requirement.text,
      askers: this.#failures.size === 0 ? askers : askers.slice(0, 1),
      tried: tried.slice(0, MAX_TRIED),
      nTried: tried.length,
    });
  }

  #explain(note: string | undefined): Fault {
    return explainFailure([...this.#failures.values()], [...this.#byName.keys(), ...this.#byOffer.keys()], note);
  }

  /** From who asks up to what the user wants. */
  #askersOf(asker: Member<T> | undefined): string[] {
    const found: string[] = [];
    const seen = new Set<string>();
    for (let name = asker?.name; name !== undefined && !seen.has(name); name = this.#askers.get(name)) {
      seen.add(name);
      const member = this.#world.member(name);
      if (member !== undefined) found.push(`${label(member.about)}${member.chosen === undefined ? ', which is installed' : ''}`);
    }
    return found;
  }
}

const label = (item: Candidate): string => `${item.name} ${item.version}${item.release > 1 ? `-${item.release}` : ''}`;

const toAgenda = <T extends Candidate>(goals: readonly Goal<T>[], rest: Agenda<T> | undefined): Agenda<T> | undefined =>
  goals.reduceRight<Agenda<T> | undefined>((next, goal) => ({ goal, next }), rest);

const newestFirst = (a: Candidate, b: Candidate): number => compareReleases(b, a);

/** Of candidates in order of preference, the first of each name. */
const newestOfEach = <T extends Candidate>(items: readonly T[]): T[] =>
  [...new Map([...items].reverse().map((item) => [item.name, item])).values()].reverse();
