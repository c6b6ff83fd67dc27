import { bytesToText, count, Fault, Faults } from '../../base/index.ts';
import { type CheckResult, checkBuild, findSubstitutes, planBuild, validOutputs } from '../../builder/index.ts';
import { assertThere, type LaterTexts, type ObjectStore, type StorePath } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import { sayRefused, substituterOf } from '../caches.ts';
import type { Context } from '../context.ts';
import { showDifference } from '../diffoscope.ts';
import { remembered } from '../evaluation-cache/remembered.ts';
import { endAtOnce } from '../leave.ts';
import { openContextStore } from '../open-store.ts';
import { makeOutLinks } from '../out-links.ts';
import { failedBuilds, goalsOf, pathsOf, planLines, realizeTargets, withBuilds } from '../realizing.ts';
import { openSession } from '../session.ts';
import { resolveTargets, type Target } from '../targets.ts';
import { withRecord } from '../unfinished.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  if (args.has('watch')) {
    const { repeatOnChange } = await import('../watching/repeat.ts');
    return await repeatOnChange(context, args, (watched) => realizeOnce(watched, args));
  }
  const status = await realizeOnce(context, args);
  endAtOnce();
  return status;
}

/** @param context  with a recorder where somebody wants to know what it sees: it is evaluated then, not recalled */
async function realizeOnce(context: Context, args: Arguments): Promise<number> {
  // One store for all: what evaluation makes is held, and known, until it is built.
  using store = openContextStore(context);
  let isNew = false;
  let later: LaterTexts | undefined;
  const evaluate = (watched: Context): Target[] => {
    using session = openSession(watched, args, { isReadOnly: false, store: () => store });
    isNew = true;
    return resolveTargets(watched, args, session, () => {
      later = session.bridge.flushLater();
    });
  };
  // What the words stand for is an evaluation like others: not done again while nothing changed.
  let targets =
    context.recorder === undefined
      ? await remembered(context, args, 'targets', (watched) => evaluate(watched).map(onlyWords))
      : evaluate(context);
  // Known, and collected since: made again, they are held from that moment on.
  if (!isNew && !areHeld(store, targets)) targets = evaluate(context);
  return await realizeAll(context, args, store, targets, later);
}

/** What can be written down and read again. */
const onlyWords = ({ label, drvPath, outputs, outPath }: Target): Target => ({
  ...{ label, outputs },
  ...(drvPath === undefined ? {} : { drvPath }),
  ...(outPath === undefined ? {} : { outPath }),
});

/** Keeps what the targets are made from from being collected. @returns whether all of it is there */
function areHeld(store: ObjectStore, targets: readonly Target[]): boolean {
  const wanted = new Set(targets.flatMap(({ drvPath, outPath }) => drvPath ?? outPath ?? []));
  return store.holdAll([...wanted]).size === wanted.size;
}

/** @param later  derivations that are yet to be registered */
async function realizeAll(
  context: Context,
  args: Arguments,
  store: ObjectStore,
  targets: readonly Target[],
  later: LaterTexts | undefined,
): Promise<number> {
  if (targets.length === 0) context.out.talk('nothing to build: no package is declared there');
  if (args.has('dry-run')) {
    await later?.finish();
    await printPlan(context, args, store, targets);
    return 0;
  }
  if (args.has('check')) return await check(context, args, store, targets, later);
  const { outputs, nBuilt, nFetched, nCutoff, nSubstituted } = await realizeTargets(context, args, store, targets, later).catch(
    (error: unknown) => {
      throw context.isJson ? withRecord(error, () => whatIsThere(store, targets)) : error;
    },
  );
  const rows = targets.flatMap((target) => rowsOf(target, outputs));
  assertThere(store, new Set(rows.map((row) => row.path)));
  makeOutLinks(context, args, store, linkable(targets, outputs));
  if (context.isJson)
    context.out.json({ outputs: rows, built: nBuilt, fetched: nFetched, cutoff: nCutoff, substituted: nSubstituted });
  else for (const path of new Set(rows.map((row) => row.path))) context.out.line(path);
  return 0;
}

interface OutputRow {
  readonly name: string;
  readonly drvPath: StorePath | null;
  readonly output: string;
  readonly path: StorePath;
}

const rowsOf = (target: Target, outputs: Outputs): OutputRow[] =>
  pathsOf(target, outputs).map(([output, path]) => ({ name: target.label, drvPath: target.drvPath ?? null, output, path }));

/** After a failure. */
function whatIsThere(store: ObjectStore, targets: readonly Target[]): { outputs: OutputRow[]; missing: object[] } {
  const outputs: OutputRow[] = [];
  const missing: object[] = [];
  for (const target of targets) {
    const { label: name, drvPath } = target;
    const found =
      drvPath === undefined ? new Map<string, StorePath>() : validOutputs(store, { drvPath, outputs: target.outputs });
    if (found === undefined) missing.push({ name, drvPath });
    else outputs.push(...rowsOf(target, new Map(drvPath === undefined ? [] : [[drvPath, found]])));
  }
  return { outputs, missing };
}

type Outputs = ReadonlyMap<StorePath, ReadonlyMap<string, StorePath>>;

/** Each derivation once, with those of its outputs that were asked for. */
function linkable(targets: readonly Target[], outputs: Outputs): (readonly [string, StorePath])[][] {
  const built = new Map<StorePath, Map<string, StorePath>>();
  for (const target of targets) {
    for (const [output, path] of pathsOf(target, outputs)) {
      const key = target.drvPath ?? path;
      built.set(key, (built.get(key) ?? new Map<string, StorePath>()).set(output, path));
    }
  }
  return [...built.values()].map((each) => [...each]);
}

async function printPlan(context: Context, args: Arguments, store: ObjectStore, targets: readonly Target[]): Promise<void> {
  const goals = goalsOf(targets);
  const substituter = await substituterOf(context, args, store, {
    onEvent: (event) => {
      if (event.kind === 'refused') sayRefused(context, event.fault);
    },
  });
  const found = substituter === undefined ? undefined : await findSubstitutes(store, goals, substituter);
  const plan = planBuild(store, goals, found);
  const substitutes = [...(found?.paths ?? [])];
  if (!context.isJson) {
    for (const path of substitutes) context.out.line(`copy ${path}: a cache has it`);
    for (const line of planLines(plan)) context.out.line(line);
    return;
  }
  context.out.json({
    steps: plan.steps.map(({ drvPath, action, reason, missing, waitsFor, dependsOn }) => ({
      drvPath,
      action,
      reason,
      missing,
      waitsFor,
      dependsOn,
    })),
    build: plan.nBuild,
    fetch: plan.nFetch,
    valid: plan.nValid,
    substitutes,
    uncertain: plan.nUncertain,
  });
}

type Checked = CheckResult & { readonly drvPath: StorePath };

/** Builds each derivation once more and says what differs; a fault where something does. */
async function check(
  context: Context,
  args: Arguments,
  store: ObjectStore,
  targets: readonly Target[],
  later: LaterTexts | undefined,
): Promise<number> {
  const failures: Fault[] = [];
  await orGoOn(args, failures, () => realizeTargets(context, args, store, targets, later));
  const rows: Checked[] = [];
  for (const goal of goalsOf(targets)) {
    // What is lacking after the first builds has failed already, or depends on what did.
    if (failures.length > 0 && planBuild(store, [goal]).steps.length > 0) continue;
    const result = await orGoOn(args, failures, () => checkOne(context, args, store, goal.drvPath));
    if (result === undefined) continue;
    rows.push({ drvPath: goal.drvPath, ...result });
    if (!context.isJson) for (const line of checkLines(rows.at(-1)!)) context.out.line(line);
    for (const path of result.kept?.values() ?? []) context.out.talk(`kept, as it came out this time: ${path}`);
  }
  const nDifferent = rows.filter((row) => !row.isEqual).length;
  const record = { checked: rows.map(checkedRecord) };
  if (context.isJson && failures.length === 0) {
    context.out.json(record);
    return nDifferent === 0 ? 0 : 1;
  }
  if (nDifferent > 0) failures.push(notReproducible(nDifferent, rows.length, args.has('keep-failed')));
  if (failures.length === 0) return 0;
  throw withRecord(failures.length > 1 ? new Faults(failures) : failures[0], () => record);
}

/** With --keep-going what failed is said at the end. @returns nothing for what failed */
async function orGoOn<T>(args: Arguments, failures: Fault[], build: () => Promise<T>): Promise<T | undefined> {
  try {
    return await build();
  } catch (error) {
    failures.push(...failedBuilds(args, error));
    return undefined;
  }
}

const checkOne = (context: Context, args: Arguments, store: ObjectStore, drvPath: StorePath): Promise<CheckResult> =>
  withBuilds(context, args, store, ({ options, draw }) =>
    checkBuild(store, drvPath, {
      ...options,
      onDifferent: (different) => showDifference(context, different, (line) => draw((display) => display.note(line))),
    }),
  );

const checkedRecord = ({ drvPath, isEqual, differences, kept }: Checked): object => ({
  drvPath,
  isEqual,
  ...(kept === undefined ? {} : { kept: Object.fromEntries(kept) }),
  differences: differences.map(({ output, path, kind }) => ({ output, path: bytesToText(path), kind })),
});

function checkLines({ drvPath, isEqual, differences }: Checked): string[] {
  const found = count(differences.length, 'difference');
  return [
    `${drvPath}: ${isEqual ? 'the same, byte for byte' : found}`,
    ...differences.map(({ output, path, kind }) => `  ${path === '' ? output : `${output}/${bytesToText(path)}`}: ${kind}`),
  ];
}

const notReproducible = (nDifferent: number, nAll: number, isKept: boolean): Fault =>
  new Fault('E-CLI-009', `${nDifferent} of ${nAll} did not come out the same twice`, {
    hints: [
      'look for dates, random names, build paths or the order of folders in what differs',
      ...(isKept ? [] : ['to have both beside each other: --check --keep-failed']),
    ],
  });
