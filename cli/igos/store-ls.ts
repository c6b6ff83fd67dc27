import type { Manifest, ManifestEntry } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { below, childrenOf, entryAt, entryJson, modeText } from '../manifest-files.ts';
import { openContextStore } from '../open-store.ts';
import { type Place, placesOf } from '../valid-paths.ts';
import { bytesToWord } from '../words.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  using store = openContextStore(context);
  const listings = (await placesOf(context, store, args.operands)).map((place) => ({
    place,
    files: list(store.manifest(place.path), place, args),
  }));
  if (context.isJson) {
    context.out.json({
      listings: listings.map(({ place, files }) => ({
        path: place.path,
        file: bytesToWord(place.file),
        files: files.map(entryJson),
      })),
    });
    return;
  }
  listings.forEach(({ place, files }, i) => {
    if (listings.length > 1) context.out.line(`${i === 0 ? '' : '\n'}${place.operand}:`);
    for (const entry of files) context.out.line(lineOf(entry, place, args.has('long')));
  });
}

function list(manifest: Manifest, place: Place, args: Arguments): ManifestEntry[] {
  const entry = entryAt(manifest, place);
  if (entry.kind !== 'directory' || args.has('directory')) return [entry];
  return args.has('recursive') ? below(manifest, place.file) : childrenOf(manifest, place.file);
}

function lineOf(entry: ManifestEntry, place: Place, isLong: boolean): string {
  const relative =
    entry.path === place.file
      ? entry.path.slice(entry.path.lastIndexOf('/') + 1)
      : entry.path.slice(place.file === '' ? 0 : place.file.length + 1);
  const name = bytesToWord(relative) || '.';
  if (!isLong) return name;
  const size = entry.kind === 'file' ? entry.sizeBytes : 0;
  const target = entry.kind === 'symlink' ? ` -> ${bytesToWord(entry.target)}` : '';
  return `${modeText(entry)} ${String(size).padStart(12)} ${name}${target}`;
}
