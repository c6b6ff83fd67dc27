/**
 * What only the store can tell of a recorded evaluation. Loaded where the index changed since, or source files have other inodes:
 * some 30 ms, and reading the sources in doubt.
 */
import type { EvalStore } from '../../eval/index.ts';
import type { ObjectStore, StorePath } from '../../store/index.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { fileState, settledState } from './file-state.ts';
import { indexVersion } from './index-version.ts';
import type { Seen, SourceSeen, StoreSeen } from './seen.ts';

type HostTools = Parameters<EvalStore['addHostTree']>[1];

/** @returns whether the evaluation would see the same again; then `seen` is renewed. Never throws */
export async function storeAgrees(seen: Seen, doubtful: readonly SourceSeen[], context: Context): Promise<boolean> {
  try {
    using store = openContextStore(context);
    const version = indexVersion(context.home);
    for (const source of doubtful) if (!isSameSource(store, source)) return false;
    if (!answersAgree(store, seen.store)) return false;
    if (!(await hostAgrees(store, seen.store)) || !(await buildsAgree(store, seen.store))) return false;
    seen.store.version = version;
    return true;
  } catch {
    return false; // evaluation meets the same failure, and explains it
  }
}

/** Reads the source again with the same decisions of its filter. What was not there before was not decided on. */
function isSameSource(store: ObjectStore, source: SourceSeen): boolean {
  const known = new Map(source.entries.map((entry) => [entry[0], entry]));
  const states = new Map([['', settledState(fileState(source.path, false))]]);
  const { name, path, method, algorithm } = source;
  const computed = store.computePath(name, path, {
    method,
    algorithm,
    filter: (real, kind) => {
      const relative = real.slice(path.length + 1);
      const entry = known.get(relative);
      if (entry === undefined || entry[1] !== kind) throw new Error('an entry that the filter was not asked about');
      if (entry[3]) states.set(relative, settledState(fileState(real, false)));
      return entry[3];
    },
  });
  if (computed.path !== source.storePath) return false;
  // A name that went, and that the filter had left out, is no difference.
  source.entries.splice(0, Infinity, ...source.entries.filter(([relative, , , isTaken]) => !isTaken || states.has(relative)));
  for (const entry of source.entries) if (entry[3]) entry[2] = states.get(entry[0])!;
  return true;
}

function answersAgree(store: ObjectStore, { needed, answers }: StoreSeen): boolean {
  if (!needed.split(' ').every((path) => path === '' || store.isValid(path as StorePath))) return false;
  return answers.every(([question, path, answer]) => {
    const asked = path as StorePath;
    return (
      answer === (question === 'references' ? (store.info(asked)?.references ?? []).join(' ') : String(store.isValid(asked)))
    );
  });
}

async function hostAgrees(store: ObjectStore, { hostTrees }: StoreSeen): Promise<boolean> {
  if (hostTrees.length === 0) return true;
  const { StoreBridge } = await import('../../eval/index.ts');
  const bridge = new StoreBridge(store, { isReadOnly: true });
  return hostTrees.every(([name, spec, path]) => bridge.addHostTree(name, JSON.parse(spec) as HostTools) === path);
}

/** Import from derivation: the same outputs, with nothing left to build. */
async function buildsAgree(store: ObjectStore, { built }: StoreSeen): Promise<boolean> {
  if (built.length === 0) return true;
  const { planBuild, realize } = await import('../../builder/index.ts');
  const goals = built.map(([drvPath, output]) => ({ drvPath: drvPath as StorePath, outputs: [output] }));
  if (planBuild(store, goals).steps.length > 0) return false;
  const { outputs } = await realize(store, goals, { jobs: 1 });
  return built.every(([drvPath, output, path]) => outputs.get(drvPath as StorePath)?.get(output) === path);
}
