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
import { explainFailure, type Failure, IS_HIDDEN, MAX_TRIED, notOffered } from './explain.ts';
import { installOrder } from './install-order.ts';
import { type Candidate, Offers } from './offers.ts';
import { accepts, excludes, offersOf, parseRequirement, type Requirement } from './requirement.ts';
import { type Member, type Succeeded, World } from './world.ts';

export interface ResolveRequest<T extends Candidate> {
  /** What could be had. Of one name and version, the first is taken. */
  readonly offered: readonly T[];
  /** Whether there is a repository that could offer something. Default: where something is offered. */
  readonly isSynced?: boolean;
  /** All records, superseded ones too. */
  readonly installed: readonly PackageRecord[];
  /** Requirements. With `upgrade` names of installed packages; none: all of them. */
  readonly wanted: readonly string[];
  /** Brings what is installed to the newest, and its successors with it. */
  readonly upgrade?: boolean;
  /** Packages that stay as they are. */
  readonly holds?: ReadonlySet<string>;
  /** Whether something offered is what a record says, to the byte: then it changes no held package. Default: of the same release. */
  readonly isInstalled?: (item: T, record: PackageRecord) => boolean;
  /** What of a name could not be had, since another offer hides it: for explanations. */
  readonly hidden?: (name: string) => readonly T[];
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
  /** The package that an upgrade is about. */
  readonly upgraded?: string;
  /** It is not wanted any more as things are. */
  readonly isMoot?: () => boolean;
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
  readonly #offers: Offers<T>;
  /** Asker and requirement → what failed first there. */
  readonly #failures = new Map<string, Failure>();
  /** Chosen name → who asked for it first. */
  readonly #askers = new Map<string, string | undefined>();
  /** Candidate → others that it cannot be together with: not with all of one list. */
  readonly #learned = new Map<T, (readonly T[])[]>();
  /** The root as it was before any choice. */
  readonly #before: World<T>;
  #nFailures = 0;

  constructor(request: ResolveRequest<T>) {
    this.#request = request;
    this.#world = new World<T>(request.installed);
    this.#before = new World<T>(request.installed);
    this.#offers = new Offers(request.offered, request.prefer);
  }

  run(): T[] {
    const { wanted, upgrade } = this.#request;
    if (upgrade !== true) this.#search(() => this.#wishGoals());
    else if (wanted.length > 0) this.#search(() => wanted.flatMap((name) => this.#goalsOf(name, false)));
    else this.#search(() => this.#upgradeGoals(), true);
    return installOrder(this.#world.chosen());
  }

  #wishGoals(): Goal<T>[] {
    const wishes = this.#request.wanted.map((text): Goal<T> => {
      const requirement = parseRequirement(text);
      if (this.#candidates(requirement).length === 0 && this.#world.meets(requirement) === undefined) {
        const others = this.#offers.named(requirement.name);
        const offered = this.#offers.names();
        const isSynced = this.#request.isSynced ?? offered.length > 0;
        throw notOffered(text, { others, hidden: this.#hiddenFor(requirement), offered, isSynced });
      }
      return { requirement, asker: undefined, isWish: true, canStay: this.#world.meets(requirement) !== undefined };
    });
    // Once more in the end: what came for a later one may have taken the place of what was there.
    return [...wishes, ...wishes.map((wish) => ({ ...wish, isWish: false, canStay: false }))];
  }

  #upgradeGoals(): Goal<T>[] {
    const { holds } = this.#request;
    return [...this.#world.members()].flatMap(({ name }) => (holds?.has(name) === true ? [] : this.#goalsOf(name, true)));
  }

  /** Where it was split its other successors come with the first, or none does. */
  #goalsOf(name: string, canStay: boolean): Goal<T>[] {
    const [only] = this.#waysOn(name, this.#world);
    if (only === undefined) return [];
    // What superseded it meanwhile is newer still.
    const isMoot = (): boolean => only[0]!.name === name && this.#world.member(name) === undefined;
    return [
      { requirement: parseRequirement(only[0]!.name), asker: undefined, only, isWish: true, canStay, upgraded: name, isMoot },
    ];
  }

  /** Of a package whose place is taken, what else takes it. */
  #goalsBeside(name: string, level: number): Goal<T>[] {
    // As it was before: what the first of its successors changed is not to make the others impossible.
    return this.#waysOn(name, this.#before.member(name) === undefined ? this.#world : this.#before).map((only) => ({
      ...{ requirement: parseRequirement(only[0]!.name), asker: undefined, only, isWish: true, level, upgraded: name },
      isMoot: () => only[0]!.name === name || this.#isSupersededNow(only[0]!.name),
    }));
  }

  /** An older version that comes along for an upgrade is not to take its place: that would be outdated at once. */
  #staying(item: T, level: number): Goal<T> {
    const { name } = item;
    const isMoot = (): boolean => {
      const [by] = this.#world.roster.entry(name)?.supersededBy ?? [];
      return by !== undefined && this.#isChosenOrLink(this.#offers.named(by)[0]!);
    };
    return { requirement: parseRequirement(name), asker: undefined, only: [item], isWish: true, level, upgraded: name, isMoot };
  }

  #isChosenOrLink(item: T): boolean {
    return this.#world.roster.entry(item.name)?.chosen === item;
  }

  /** By what was chosen: that stands for it then. */
  #isSupersededNow(name: string): boolean {
    const entry = this.#world.roster.entry(name);
    return entry?.level !== undefined && entry.supersededBy.length > 0;
  }

  #waysOn(name: string, { roster }: World<T>): (readonly T[])[] {
    const record = roster.active(name)?.about;
    return record === undefined ? [] : this.#offers.upgradesOf(record, roster);
  }

  #isNewer(item: T): boolean {
    const there = this.#world.member(item.name)?.about;
    return there === undefined || compareReleases(item, there) > 0;
  }

  /** @param isAgain  what they led to may make more of them possible: until it is nothing */
  #search(goals: () => readonly Goal<T>[], isAgain: boolean = false): void {
    const points: ChoicePoint<T>[] = [];
    let mark = this.#world.mark();
    let agenda = toAgenda(goals(), undefined);
    for (;;) {
      if (agenda === undefined) {
        if (!isAgain || this.#world.mark() === mark) return;
        mark = this.#world.mark();
        agenda = toAgenda(goals(), undefined);
        continue;
      }
      const { goal, next }: Agenda<T> = agenda;
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

  #isMet({ requirement, asker, isWish, only, isMoot }: Goal<T>): boolean {
    if (isMoot?.() === true) return true;
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
  #blamedFor({ requirement, asker, level, upgraded }: Goal<T>): Set<number> {
    const blamed = new Set<number>();
    const blame = (at: number | undefined): void => {
      if (at !== undefined) blamed.add(at);
    };
    blame(level);
    if (asker?.chosen !== undefined) blame(asker.level);
    if (upgraded !== undefined) blame(this.#world.roster.entry(upgraded)?.level);
    // Whoever replaced or superseded what did, or might have led to what does.
    const { roster } = this.#before;
    const did = [...roster.meeting(requirement)].map(({ name }) => name);
    const names = new Set([...did, ...roster.wayFrom(requirement.name), ...roster.heirsOf(requirement.name)]);
    for (const name of names) blame(this.#world.roster.entry(name)?.level);
    return blamed;
  }

  /** An installed package that asks might go in ways that are no options of the goal. */
  #hasOtherWays({ asker, requirement, only }: Goal<T>): boolean {
    if (only !== undefined || asker === undefined || asker.chosen !== undefined) return false;
    const isAgain = (item: T): boolean =>
      compareReleases(item, asker.about) === 0 && !item.runtime.some((text) => parseRequirement(text).text === requirement.text);
    return this.#offers.named(asker.name).some(isAgain) || this.#isSucceeded(asker.name);
  }

  /** Whether an installed package that `item` cannot stand beside might make room for it. */
  #mayGo({ about }: Member<T>, item: T): boolean {
    const isOther = (one: T): boolean => compareReleases(one, about) >= 0 && !excludes(one, item) && !excludes(item, one);
    return this.#isSucceeded(about.name) || this.#offers.named(about.name).some(isOther);
  }

  /** What may meet a goal, the preferred first; and another version of who asks, should it be an installed package. */
  #options({ requirement, asker, only }: Goal<T>): T[] {
    if (only !== undefined) return [...only];
    const found = this.#candidates(requirement);
    if (asker === undefined || asker.chosen !== undefined) return found;
    const instead = [
      ...this.#offers.named(asker.name).filter((item) => this.#isNewer(item)),
      ...newestOfEach(this.#offers.superseding(asker.name)),
      ...this.#farSuccessors(asker.name),
    ];
    return [...new Set([...found, ...instead])];
  }

  #candidates(requirement: Requirement): T[] {
    const { name } = requirement;
    const near = [...this.#offers.named(name), ...this.#offers.standingFor(name)].filter((item) =>
      accepts(requirement, offersOf(item).get(name)),
    );
    const far = this.#farSuccessors(name).filter((item) => accepts(requirement, item.version));
    return far.length === 0 ? near : [...new Set([...near, ...far])];
  }

  /**
   * What would stand for a package that is, or was, here as the end of a chain of successors: other versions of its heirs, and what
   * supersedes them, or what is offered as its successors.
   */
  #farSuccessors(name: string): T[] {
    const { roster } = this.#world;
    const way = new Set([...roster.wayFrom(name), ...roster.heirsOf(name)]);
    if (roster.entry(name) === undefined && way.size === 1) return [];
    const far = [...way].flatMap((heir) => (heir === name ? [] : this.#offers.named(heir)));
    for (const item of this.#offers.superseding(name)) way.add(item.name);
    way.delete(name);
    for (const older of way) {
      for (const item of this.#offers.superseding(older)) {
        far.push(item);
        if (item.name !== name) way.add(item.name);
      }
    }
    return far;
  }

  #isSucceeded(name: string): boolean {
    return this.#offers.superseding(name).length > 0;
  }

  /** Takes a candidate into the world. @returns what it asks for in turn; `undefined` where it cannot be taken */
  #tryChoice(item: T, point: ChoicePoint<T>, level: number): Goal<T>[] | undefined {
    const { asker } = point.goal;
    const refuse = (why: string, isDueToAll: boolean = false): undefined => {
      point.reasons.push(`${label(item)} was tried: ${why}`);
      if (isDueToAll) point.blamesAll = true;
      return undefined;
    };
    const blame = ({ chosen, level: at }: Member<T>): void => {
      if (chosen !== undefined) point.blamed.add(at!);
    };
    const { holds } = this.#request;
    const there = this.#world.member(item.name);
    if (there?.chosen !== undefined) {
      blame(there);
      return refuse(`${label(there.about)} is to be installed already`);
    }
    const learned = this.#learned.get(item)?.find((others) => others.every((other) => this.#isChosen(other)));
    if (learned !== undefined) {
      for (const { name } of learned) blame(this.#world.member(name)!);
      point.wasTaken = true;
      return undefined;
    }
    const next = this.#world.chosenSuccessor(item.name);
    if (next !== undefined) {
      blame(next);
      return refuse(`it is superseded by '${label(next.about)}', which is to be installed`);
    }
    const mayGo = this.#isSucceeded(item.name);
    if (there !== undefined && compareReleases(item, there.about) < 0)
      return refuse(`${there.about.version}, which is installed, is newer`, mayGo);
    const held = this.#heldInstead(item);
    if (held !== undefined) return refuse(`'${item.name}' is held at ${held.version}`, mayGo);
    const succeeded = this.#chain(item);
    const olds = succeeded.filter((one) => one.link === undefined).map((one) => one.name);
    const heldOld = olds.find((name) => holds?.has(name) === true);
    if (heldOld !== undefined) return refuse(`it would supersede '${heldOld}', which is held`, true);
    // A superseded one that comes back speaks for itself again.
    const dependants = [item.name, ...olds].flatMap((name) => {
      const entry = this.#world.roster.entry(name);
      return entry === undefined ? [] : this.#world.dependants(entry);
    });
    const beside = this.#request.upgrade === true ? olds.flatMap((name) => this.#goalsBeside(name, level)) : [];
    const member = this.#world.choose(item, succeeded, level);
    const heirs = this.#before.roster.keepAway(item, (name) => this.#world.roster.entry(name)?.chosen);
    if (heirs.length > 0)
      return refuse(
        `it was superseded by '${heirs.join("', '")}'`,
        heirs.every((name) => this.#isSucceeded(name)),
      );
    const [late] = this.#latecomers(member);
    if (late !== undefined) return refuse(`'${late.heir}' supersedes '${late.name}'`, true);
    if (succeeded.length > 0 && this.#world.isRound(item)) return refuse('it would be superseded by what it supersedes', true);
    const conflict = this.#world.conflictOf(member);
    if (conflict !== undefined) {
      const { other, text, isBySuccession } = conflict;
      blame(other);
      const isThere = other.chosen === undefined;
      const isDueToAll = isBySuccession || (isThere && this.#mayGo(other, item));
      return refuse(`${text}${isThere ? `, and '${other.name}' is installed` : ''}`, isDueToAll);
    }
    if (!this.#isMetBy(point.goal, member)) return refuse(`it does not stand for '${point.goal.requirement.text}' here`, true);
    if (!this.#askers.has(item.name)) this.#askers.set(item.name, asker?.name);
    return [
      ...item.runtime.map((text): Goal<T> => ({ requirement: parseRequirement(text), asker: member, level, isWish: false })),
      ...dependants.flatMap((dependant) =>
        dependant.needs.map((requirement): Goal<T> => ({ requirement, asker: dependant.member, level, isWish: false })),
      ),
      ...beside,
      ...(point.goal.upgraded === undefined ? [] : [this.#staying(item, level)]),
    ];
  }

  /** What is held of a name, and another one than this, be it of the same release. */
  #heldInstead(item: T): PackageRecord | undefined {
    const { holds, installed, isInstalled = (one, record) => compareReleases(one, record) === 0 } = this.#request;
    const record = holds?.has(item.name) === true ? installed.find(({ name }) => name === item.name) : undefined;
    return record === undefined || isInstalled(item, record) ? undefined : record;
  }

  /** What was never here does not come beside what supersedes it. */
  *#latecomers({ name }: Member<T>): Generator<{ readonly name: string; readonly heir: string }> {
    const { roster } = this.#world;
    const isNew = (one: string): boolean => this.#before.roster.entry(one) === undefined && roster.active(one) !== undefined;
    if (isNew(name)) for (const heir of roster.heirsOf(name)) yield { name, heir };
    for (const older of roster.ancestorsOf(name)) if (isNew(older)) yield { name: older, heir: name };
  }

  /** Of a chain to what is installed the last stands for the first only where the links are as they are offered. */
  #isMetBy({ requirement, asker, only }: Goal<T>, member: Member<T>): boolean {
    if (only !== undefined || (asker !== undefined && this.#world.member(asker.name) !== asker)) return true;
    return [...this.#world.roster.meeting(requirement)].includes(member);
  }

  /**
   * What a successor takes over, through predecessors that were never installed here: those come along as links of the chain,
   * and are superseded at once, as if each step had been a transaction. One that leads to nothing installed is left out.
   */
  #chain(item: T): Succeeded<T>[] {
    const { roster } = this.#world;
    const succeeded: Succeeded<T>[] = [];
    const seen = new Set([item.name]);
    const open = new Set([item.name]);
    const stack = [{ item, next: item.supersedes.values(), leads: false }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const step = top.next.next();
      if (step.done === true) {
        stack.pop();
        open.delete(top.item.name);
        const above = stack.at(-1);
        if (above === undefined || !top.leads) continue;
        succeeded.push({ name: top.item.name, by: above.item.name, link: top.item });
        above.leads = true;
      } else if (!seen.has(step.value)) {
        const name = step.value;
        seen.add(name);
        const older = this.#offers.linkOf(name, roster);
        // Nothing comes along only to take the place of what comes as well.
        const isThere = roster.active(name) !== undefined && (top.item === item || this.#before.roster.entry(name) !== undefined);
        if (isThere) succeeded.push({ name, by: top.item.name, link: undefined });
        // Another successor of what is split now took it over before.
        if (isThere || roster.entry(name)?.level !== undefined) {
          top.leads ||= isThere || this.#before.roster.entry(name) !== undefined;
        } else if (older !== undefined && !older.supersedes.some((one) => open.has(one))) {
          open.add(name);
          stack.push({ item: older, next: older.supersedes.values(), leads: false });
        }
      }
    }
    return succeeded;
  }

  #fail({ goal, reasons }: ChoicePoint<T>): void {
    const { requirement, asker } = goal;
    const key = `${asker === undefined ? '' : label(asker.about)} ${requirement.text}`;
    if (this.#failures.has(key)) return;
    const tried = [...reasons];
    for (const item of this.#offers.named(requirement.name)) {
      if (!accepts(requirement, item.version)) tried.push(`${label(item)} is offered, which is not ${requirement.text}`);
    }
    tried.push(...this.#hiddenFor(requirement));
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

  /** What would do, were it not for the priorities of repositories. */
  #hiddenFor(requirement: Requirement): string[] {
    const hidden = this.#request.hidden?.(requirement.name) ?? [];
    return hidden.filter((item) => accepts(requirement, item.version)).map((item) => `${label(item)} ${IS_HIDDEN}`);
  }

  #explain(note: string | undefined): Fault {
    return explainFailure([...this.#failures.values()], this.#offers.names(), note);
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

/** Of candidates in order of preference, the first of each name. */
const newestOfEach = <T extends Candidate>(items: readonly T[]): T[] =>
  [...new Map([...items].reverse().map((item) => [item.name, item])).values()].reverse();
