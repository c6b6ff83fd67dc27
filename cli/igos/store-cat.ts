import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { bytesToPath, bytesToText, Fault, sys, textToBytes } from '../../base/index.ts';
import { damaged, type ManifestEntry, type ObjectStore } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { entryAt } from '../manifest-files.ts';
import { openContextStore } from '../open-store.ts';
import { type Place, placesOf } from '../valid-paths.ts';

const BUFFER_SIZE = 1 << 18;

export async function run(context: Context, args: Arguments): Promise<undefined> {
  using store = openContextStore(context);
  const files = (await placesOf(context, store, args.operands)).map((place) => ({
    place,
    entry: fileAt(store, place),
  }));
  for (const { place, entry } of files) print(context, store, place, entry);
}

type FileEntry = Extract<ManifestEntry, { kind: 'file' }>;

function fileAt(store: ObjectStore, place: Place): FileEntry {
  const entry = entryAt(store.manifest(place.path), place);
  if (entry.kind === 'file') return entry;
  const note = entry.kind === 'symlink' ? `it points to '${bytesToText(entry.target)}'` : 'it is a folder';
  throw new Fault('E-CLI-042', `'${place.operand}' is not a file`, {
    notes: [note],
    hints: [entry.kind === 'directory' ? `igos store ls ${place.operand}` : 'name the file that it points to'],
  });
}

function print(context: Context, store: ObjectStore, place: Place, entry: FileEntry): void {
  const real = `${textToBytes(store.toReal(place.path))}${place.file === '' ? '' : `/${place.file}`}`;
  const shown = bytesToText(real);
  const fd = sys('read', shown, () =>
    openSync(bytesToPath(real), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
  );
  const hash = createHash('sha256');
  try {
    const buffer = Buffer.allocUnsafe(BUFFER_SIZE);
    for (;;) {
      const nRead = sys('read', shown, () => readSync(fd, buffer));
      if (nRead === 0) break;
      const part = buffer.subarray(0, nRead);
      hash.update(part);
      context.out.write(1, part);
    }
  } finally {
    closeSync(fd);
  }
  const found = hash.digest('hex');
  if (found !== entry.sha256) throw damaged(shown, entry.sha256, found);
}
