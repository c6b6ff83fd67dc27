import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { count } from '../../base/index.ts';
import { decompressingSource, loadCaches, type SignedPath, type StorePath } from '../../store/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import { trustedKeys } from '../caches.ts';
import type { Context } from '../context.ts';
import { withInputSource } from '../nar-input.ts';
import { openContextStore } from '../open-store.ts';
import { isTerminal } from '../terminal.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const file = args.operands[0] ?? '-';
  if (file === '-' && isTerminal(0)) {
    throw new UsageError('an archive is not typed at a terminal', ['name a file, or write: igos store import < FILE']);
  }
  const vouches = await trustedSigners(context, args);
  using store = openContextStore(context);
  const rows: { path: StorePath; isNew: boolean }[] = [];
  withInputSource(context, file, (source) =>
    store.importArchive(decompressingSource(source), {
      isTrusted: args.has('no-check-sigs'),
      ...(vouches === undefined ? {} : { vouches }),
      onPath: (path, isNew) => rows.push({ path, isNew }),
    }),
  );
  if (context.isJson) {
    context.out.json({ paths: rows });
    return;
  }
  for (const { path } of rows) context.out.line(path);
  const nNew = rows.filter(({ isNew }) => isNew).length;
  if (!context.isQuiet) context.out.talk(`imported ${count(nNew, 'path')}, ${rows.length - nNew} were there`);
}

/** Code for signatures is loaded where keys are named. */
async function trustedSigners(context: Context, args: Arguments): Promise<((info: SignedPath) => boolean) | undefined> {
  if (!args.has('trusted-key') && !existsSync(join(context.home, 'etc', 'caches.conf'))) return undefined;
  const { pathFingerprint, trustedSigner } = await loadCaches();
  const keys = await trustedKeys(context, args);
  return (info) => trustedSigner(pathFingerprint(info), info.signatures, keys) !== undefined;
}
