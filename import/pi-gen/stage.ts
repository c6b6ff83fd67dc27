/**
 * A stage folder of pi-gen: its sub-stages, and in each the steps in the order in which pi-gen takes them.
 *
 * @source build.sh of pi-gen: for every i from 00 to 99 debconf, packages-nr, packages, patches, run.sh, run-chroot.sh
 */
import type { Folder } from '../folder.ts';

export type Step =
  | { readonly kind: 'debconf' | 'patches' | 'run' | 'run-chroot'; readonly file: string }
  | { readonly kind: 'packages' | 'packages-nr'; readonly file: string; readonly names: readonly string[] };

export interface SubStage {
  readonly name: string;
  /** Of the folder, below the tree. */
  readonly path: string;
  readonly steps: readonly Step[];
  readonly isSkipped: boolean;
  /** What looks like a step and is none, with the reason. */
  readonly ignored: readonly { readonly file: string; readonly why: string }[];
}

export interface Stage {
  readonly name: string;
  readonly path: string;
  readonly isSkipped: boolean;
  /** `SKIP_IMAGES`: the exports are not made. */
  readonly skipsImages: boolean;
  /** Of `EXPORT_IMAGE`, `EXPORT_NOOBS`, …: what stands behind the underscore. */
  readonly exports: readonly string[];
  /** Text of an executable `prerun.sh`. */
  readonly prerun: string | undefined;
  readonly subStages: readonly SubStage[];
  /** Files beside the sub-stages that nothing looks at. */
  readonly ignored: readonly { readonly file: string; readonly why: string }[];
}

const KINDS = ['debconf', 'packages-nr', 'packages', 'patches', 'run.sh', 'run-chroot.sh'] as const;
const EXPORTS = ['EXPORT_IMAGE', 'EXPORT_NOOBS', 'EXPORT_ISO', 'EXPORT_SQUASHFS'];

export function readStage(folder: Folder, path: string): Stage {
  const names = folder.names(path);
  const isFile = (name: string): boolean => folder.kindOf(`${path}/${name}`) === 'file';
  const hasPrerun = isFile('prerun.sh');
  const runs = hasPrerun && folder.isExecutable(`${path}/prerun.sh`);
  const known = new Set(['prerun.sh', 'SKIP', 'SKIP_IMAGES', ...EXPORTS]);
  const ignored = names
    .filter((name) => folder.kindOf(`${path}/${name}`) !== 'folder' && !known.has(name))
    .map((file) => ({ file, why: 'a file of the stage that nothing looks at' }));
  if (hasPrerun && !runs) ignored.push({ file: 'prerun.sh', why: 'not executable, so it is not run' });
  return {
    name: path.split('/').at(-1)!,
    path,
    isSkipped: isFile('SKIP'),
    skipsImages: isFile('SKIP_IMAGES'),
    exports: EXPORTS.filter(isFile).map((name) => name.replace('EXPORT_', '')),
    prerun: runs ? folder.text(`${path}/prerun.sh`) : undefined,
    subStages: names
      .filter((name) => folder.kindOf(`${path}/${name}`) === 'folder')
      .map((name) => readSubStage(folder, `${path}/${name}`)),
    ignored,
  };
}

function readSubStage(folder: Folder, path: string): SubStage {
  const names = new Set(folder.names(path));
  const steps: Step[] = [];
  const ignored: { file: string; why: string }[] = [];
  const taken = new Set<string>();
  for (let index = 0; index < 100; index++) {
    const number = String(index).padStart(2, '0');
    for (const kind of KINDS) {
      const file = `${number}-${kind}`;
      if (!names.has(file)) continue;
      taken.add(file);
      const found = folder.kindOf(`${path}/${file}`);
      if (found !== (kind === 'patches' ? 'folder' : 'file')) {
        ignored.push({ file, why: `not a ${kind === 'patches' ? 'folder' : 'regular file'}` });
      } else if (kind === 'run.sh' && !folder.isExecutable(`${path}/${file}`)) {
        ignored.push({ file, why: 'not executable, so it is not run' });
      } else if (kind === 'packages' || kind === 'packages-nr') {
        steps.push({ kind, file, names: packageNames(folder.text(`${path}/${file}`)) });
      } else steps.push({ kind: kind.replace('.sh', '') as 'debconf', file });
    }
  }
  for (const name of names) {
    if (taken.has(name)) continue;
    if (/^\d+-(?:debconf|packages(?:-nr)?|patches|run(?:-chroot)?\.sh)$/.test(name)) {
      ignored.push({ file: name, why: 'steps are numbered 00 to 99' });
    } else if (/^\d+-/.test(name)) {
      // `00-packages-amd64`: other builders of stages have lists of packages for each architecture.
      ignored.push({ file: name, why: 'no step of pi-gen has this name: it counts only where a script reads it' });
    }
  }
  const isSkipped = folder.kindOf(`${path}/SKIP`) === 'file';
  return { name: path.split('/').at(-1)!, path, steps, isSkipped, ignored };
}

/** Comments go, blanks separate. */
const packageNames = (text: string): readonly string[] =>
  text
    .replace(/#.*$/gm, '')
    .split(/\s+/)
    .filter((name) => name !== '');
