/** What a kernel is told, with what is known of the image that it starts from. */
import { didYouMean, Fault } from '../../base/index.ts';
import type { Verity } from '../../image/index.ts';

const SECTORS_IN_BLOCK = 8;

/** Partitions of a disk image, by their GUIDs. */
export interface DiskNames {
  readonly root: string;
  readonly verity: string;
}

/**
 * `@rootHash@` and its like become what they stand for. A line that names no root hash gets it behind its other words: a kernel image that
 * starts any root would be signed for nothing.
 *
 * @throws Fault E-CLI-091 a name between two @ that stands for nothing
 */
export function commandLine(system: string, text: string, verity: Verity, names: DiskNames): string {
  const values: Readonly<Record<string, string>> = {
    rootHash: verity.rootHash,
    rootSalt: verity.salt,
    rootBlocks: String(verity.nDataBlocks),
    rootSectors: String(verity.nDataBlocks * SECTORS_IN_BLOCK),
    hashStart: String(verity.hashStartBlock),
    rootPartition: names.root,
    verityPartition: names.verity,
  };
  let hasHash = false;
  const line = text.replace(/@([A-Za-z]+)@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined)
      throw new Fault('E-CLI-091', `the command line of system '${system}' has '@${name}@', which stands for nothing`, {
        hints: [
          didYouMean(name, Object.keys(values))[0] ??
            `there are: ${Object.keys(values)
              .map((each) => `@${each}@`)
              .join(', ')}`,
        ],
      });
    hasHash ||= name === 'rootHash';
    return value;
  });
  return hasHash ? line : `${line} roothash=${verity.rootHash}`.trimStart();
}

/** As the Discoverable Partitions Specification has it: each half of the root hash names a partition. */
export function diskNames({ rootHash }: Verity): DiskNames {
  const guid = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { root: guid(rootHash.slice(0, 32)), verity: guid(rootHash.slice(32)) };
}
