/** What a kernel is told, with what is known of the image that it starts from. */
import { didYouMean, Fault } from '../../base/index.ts';
import type { Verity } from '../../image/index.ts';

const SECTORS_IN_BLOCK = 8;

/** Partitions of a disk image, by their GUIDs. */
export interface DiskNames {
  readonly root: string;
  readonly verity: string;
}

/** What names stand for, and what a line gets behind its other words that names no root at all. */
interface Known {
  readonly values: Readonly<Record<string, string>>;
  readonly hasRoot: (text: string) => boolean;
  readonly words: string;
}

/**
 * `@rootHash@` and its like become what they stand for. A line that names no root hash gets it behind its other words: a kernel image that
 * starts any root would be signed for nothing.
 *
 * @throws Fault E-CLI-091 a name between two @ that stands for nothing
 */
export const commandLine = (system: string, text: string, verity: Verity, names: DiskNames): string =>
  filledIn(system, text, {
    values: {
      rootHash: verity.rootHash,
      rootSalt: verity.salt,
      rootBlocks: String(verity.nDataBlocks),
      rootSectors: String(verity.nDataBlocks * SECTORS_IN_BLOCK),
      hashStart: String(verity.hashStartBlock),
      rootPartition: names.root,
      verityPartition: names.verity,
    },
    hasRoot: (line) => line.includes('@rootHash@'),
    words: `roothash=${verity.rootHash}`,
  });

/**
 * The same where the root is written to: it is known by its partition alone. A line without `root=` gets that behind its other words.
 *
 * @throws Fault E-CLI-091 a name that stands for nothing, or for something of a root that is only read
 */
export const writableCommandLine = (system: string, text: string, partition: string): string =>
  filledIn(system, text, {
    values: { rootPartition: partition },
    hasRoot: (line) => /(?:^|\s)root=/.test(line),
    words: `root=PARTUUID=${partition} rw`,
  });

const OF_VERITY = new Set(['rootHash', 'rootSalt', 'rootBlocks', 'rootSectors', 'hashStart', 'verityPartition']);

function filledIn(system: string, text: string, { values, hasRoot, words }: Known): string {
  const line = text.replace(/@([A-Za-z]+)@/g, (_, name: string) => {
    const value = values[name];
    if (value !== undefined) return value;
    const what = `the command line of system '${system}' has '@${name}@'`;
    if (OF_VERITY.has(name))
      throw new Fault('E-CLI-091', `${what}, and its root is written to`, {
        notes: ['what changes has no hash: it stands for something of a root that is only read'],
        hints: ['write root=PARTUUID=@rootPartition@', 'or take root = "squashfs" for it, or none'],
      });
    const all = Object.keys(values);
    throw new Fault('E-CLI-091', `${what}, which stands for nothing`, {
      hints: [didYouMean(name, all)[0] ?? `there are: ${all.map((each) => `@${each}@`).join(', ')}`],
    });
  });
  return hasRoot(text) ? line : `${line} ${words}`.trimStart();
}

/** As the Discoverable Partitions Specification has it: each half of the root hash names a partition. */
export function diskNames({ rootHash }: Verity): DiskNames {
  const guid = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { root: guid(rootHash.slice(0, 32)), verity: guid(rootHash.slice(32)) };
}
