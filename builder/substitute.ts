/** Outputs that others have built: found from the goals downwards, so that what only a build would need is not even asked for. */
import type { ObjectStore, Realisation, StorePath } from '../store/index.ts';
import { stopped } from './build-fault.ts';
import { Realised } from './realised.ts';
import type { Goal, Substituter } from './types.ts';

/** What can be had. `realisations` count once their paths are there. */
export interface Findings {
  readonly paths: ReadonlySet<StorePath>;
  readonly realisations: readonly Realisation[];
}

const NOTHING: Findings = { paths: new Set(), realisations: [] };

/** Fetches what can be had of the goals, and of the inputs of what cannot. @returns how many outputs came */
export async function substitute(
  store: ObjectStore,
  goals: readonly Goal[],
  substituter: Substituter,
  signal?: AbortSignal,
): Promise<number> {
  const isStopped = (): boolean => signal?.aborted === true;
  let nFetched = 0;
  const failed = new Set<StorePath>();
  for (;;) {
    if (isStopped()) throw stopped();
    // Each round knows more: inputs that came tell the identity of what is made of them.
    const { paths, realisations } = await searchOnce(store, goals, substituter, { failed, known: NOTHING });
    if (paths.size === 0 && realisations.length === 0) return nFetched;
    const fetched = await substituter.fetch([...paths]);
    if (isStopped()) throw stopped();
    for (const path of paths) if (!fetched.has(path)) failed.add(path);
    store.addRealisations(realisations.filter(({ path }) => store.isValid(path)));
    nFetched += fetched.size;
  }
}

/** The same without fetching: for plans. */
export async function findSubstitutes(store: ObjectStore, goals: readonly Goal[], substituter: Substituter): Promise<Findings> {
  let known = NOTHING;
  for (;;) {
    const found = await searchOnce(store, goals, substituter, { failed: new Set(), known });
    if (found.paths.size === 0 && found.realisations.length === 0) return known;
    known = {
      paths: new Set([...known.paths, ...found.paths]),
      realisations: [...known.realisations, ...found.realisations],
    };
  }
}

/** New findings only. One question a level of the graph. */
async function searchOnce(
  store: ObjectStore,
  goals: readonly Goal[],
  substituter: Substituter,
  { failed, known }: { failed: ReadonlySet<StorePath>; known: Findings },
): Promise<Findings> {
  const realised = new Realised(store, known);
  const paths = new Set<StorePath>();
  const realisations: Realisation[] = [];
  const seen = new Set<string>();
  let level = goals;
  while (level.length > 0) {
    const open = level.flatMap(({ drvPath, outputs }) => {
      const drv = store.readDerivation(drvPath);
      const wanted = outputs.length > 0 ? outputs : [...drv.outputs.keys()];
      const key = `${drvPath}!${wanted.join('!')}`;
      if (seen.has(key)) return [];
      seen.add(key);
      const missing = wanted.filter((output) => !realised.areValid(drvPath, [output]));
      return missing.length === 0 ? [] : [{ drvPath, drv, missing, resolved: resolvedPath(realised, drvPath) }];
    });
    const unknown = open.flatMap(({ drvPath, drv, missing, resolved }) =>
      missing
        .filter((output) => drv.outputs.get(output)?.kind === 'floating' && !realised.paths(drvPath).has(output))
        .flatMap((output) => [...new Set([drvPath, resolved ?? drvPath])].map((key) => ({ drvPath: key, output }))),
    );
    const answers = unknown.length === 0 ? [] : await substituter.realisations(unknown);
    const asked = open.map(({ drvPath, drv, missing, resolved }) => ({
      drv,
      outputs: missing.map((output) => {
        const answer = answers.find((one) => one.output === output && (one.drvPath === drvPath || one.drvPath === resolved));
        return { path: realised.paths(drvPath).get(output) ?? answer?.path, answer };
      }),
    }));
    const candidates = asked.flatMap(({ outputs }) => outputs.flatMap(({ path }) => path ?? []));
    const wanted = [...new Set(candidates)].filter((path) => !failed.has(path) && !store.isValid(path));
    const had = wanted.length === 0 ? new Set<StorePath>() : await substituter.query(wanted);
    const next: Goal[] = [];
    for (const { drv, outputs } of asked) {
      const isComplete = outputs.every(({ path }) => path !== undefined && (store.isValid(path) || had.has(path)));
      if (!isComplete) {
        for (const [drvPath, names] of drv.inputDrvs) next.push({ drvPath, outputs: names });
        continue;
      }
      for (const { path, answer } of outputs) {
        if (!store.isValid(path!)) paths.add(path!);
        if (answer !== undefined) realisations.push(answer);
      }
    }
    level = next;
  }
  return { paths, realisations };
}

function resolvedPath(realised: Realised, drvPath: StorePath): StorePath | undefined {
  const resolved = realised.resolve(drvPath);
  return resolved?.drvPath;
}
