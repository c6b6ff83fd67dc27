import { count } from '../../base/index.ts';
import { loadCaches, type StorePath } from '../../store/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import { secretKeys } from '../caches.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { validPaths } from '../valid-paths.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  if (!args.has('key')) throw new UsageError('igos store sign needs a secret key', ['give its file: -k FILE']);
  if (args.has('all') === args.operands.length > 0)
    throw new UsageError('igos store sign needs paths, or --all', ["run 'igos store sign --help'"]);
  const keys = await secretKeys(context, args);
  const { pathFingerprint, signText } = await loadCaches();
  using store = openContextStore(context);
  const named = await validPaths(context, store, args.operands);
  const paths = args.has('all')
    ? [...store.allPaths()]
    : args.has('recursive') || args.has('closure')
      ? store.closure(named)
      : named;
  const signatures = new Map<StorePath, string[]>();
  for (const path of paths) {
    const info = store.info(path);
    // Those that are not valid are reported by the store.
    const added = info === undefined ? [''] : keys.map((key) => signText(key, pathFingerprint(info)));
    if (!added.every((signature) => info?.signatures?.includes(signature))) signatures.set(path, added);
  }
  store.addSignatures(signatures);
  if (context.isJson) context.out.json({ paths: paths.length, signed: signatures.size });
  else context.out.talk(`${signatures.size} of ${count(paths.length, 'path')} newly signed`);
}
