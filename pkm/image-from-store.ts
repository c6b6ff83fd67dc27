import { bytesToText, Fault, tryBytesToText } from '../base/index.ts';
import type { Manifest } from '../store/index.ts';
import { encodeCapability } from './archive/capability.ts';
import { makeImage } from './image.ts';
import { printable } from './names.ts';
import type { ImageEntry, PackageDescription, PackageImage } from './types.ts';

/** What the store cannot know of a package, because it does not change the bytes of the build. */
export type StorePackage = Partial<PackageDescription> &
  Pick<PackageDescription, 'name' | 'version'> & {
    /** Path → permission bits that differ from what the store keeps (0755 for directories and executables, 0644 otherwise). */
    readonly modes?: Readonly<Record<string, number>>;
    /** Path → file capabilities, as setcap takes them: `cap_net_raw=ep`. */
    readonly capabilities?: Readonly<Record<string, string>>;
  };

const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

/**
 * The image of a store output that was installed with `DESTDIR=$out`.
 *
 * @param realPath  the output's real folder, below which the manifest's files are
 * @throws Fault E-PKM-074 capabilities that make no sense · E-PKM-002 a name that is not UTF-8 or holds a line break · E-PKM-003 a real bin, sbin, lib or lib64 at the top
 */
export function imageFromStore(about: StorePackage, storePath: string, manifest: Manifest, realPath: string): PackageImage {
  const { modes = {}, capabilities = {}, ...description } = about;
  const wanted = new Map(Object.entries(capabilities));
  const entries: ImageEntry[] = [];
  for (const entry of manifest) {
    if (entry.path === '') {
      if (entry.kind === 'directory') continue;
      throw new Fault('E-PKM-002', `package '${about.name}' cannot be placed: its store output is a single ${entry.kind}`, {
        hints: ["install below '$out', as in '$out/usr/bin'"],
      });
    }
    const path = text(about.name, entry.path);
    const blank = { path, uid: 0, gid: 0, sizeBytes: 0, sha256: '', target: '' };
    if (entry.kind === 'directory') {
      if (MERGED.includes(path)) throw mergedDirectory(about.name, path);
      entries.push({ ...blank, kind: 'directory', mode: modes[path] ?? 0o755 });
    } else if (entry.kind === 'symlink') {
      entries.push({ ...blank, kind: 'symlink', mode: 0o777, target: text(about.name, entry.target) });
    } else {
      const mode = modes[path] ?? (entry.isExecutable ? 0o755 : 0o644);
      const given = wanted.get(path);
      wanted.delete(path);
      const capability = given === undefined ? {} : { capability: encodeCapability(given) };
      entries.push({ ...blank, kind: 'file', mode, sizeBytes: entry.sizeBytes, sha256: entry.sha256, ...capability });
    }
  }
  for (const path of wanted.keys()) {
    throw new Fault('E-PKM-074', `package '${about.name}' gives capabilities to '${printable(path)}', which is no file of it`, {
      hints: ["paths are relative to the root: 'usr/bin/ping'"],
    });
  }
  return makeImage({
    description,
    origin: { kind: 'store', storePath },
    entries,
    contentPath: (entry) => `${realPath}/${entry.path}`,
  });
}

function text(name: string, bytes: string): string {
  const decoded = tryBytesToText(bytes);
  if (decoded !== undefined) return decoded;
  throw new Fault('E-PKM-002', `package '${name}' cannot place '${printable(bytesToText(bytes))}': the name is not UTF-8`, {
    hints: ['rename the file in the install phase'],
  });
}

const mergedDirectory = (name: string, path: string): Fault =>
  new Fault('E-PKM-003', `package '${name}' brings a directory '/${path}', which is a symlink into 'usr' on a root`, {
    hints: [`install under 'usr' instead: '$out/usr/${path === 'lib64' ? 'lib' : path}'`],
  });
