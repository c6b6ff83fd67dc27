/** Disks that a system starts from: what firmware starts comes first, the root behind it. */
import {
  type Content,
  type DiskLayout,
  ESP_TYPE,
  type Ext4Layout,
  guidOf,
  type Layout,
  layoutDisk,
  PARTITION_GROWS,
  PARTITION_IS_READ_ONLY,
  PARTITION_TYPES,
  type Part,
  type PartitionMachine,
  type Verity,
} from '../../image/index.ts';
import { diskNames } from './command-line.ts';

/** A root that is only read, and its hash tree. */
export function readOnlyDisk(
  machine: PartitionMachine,
  esp: Part,
  root: Content,
  hashes: { readonly file: string; readonly sizeBytes: number; readonly verity: Verity },
): Layout {
  const { rootHash } = hashes.verity;
  const names = diskNames(hashes.verity);
  const types = PARTITION_TYPES[machine].root;
  const attributes = PARTITION_IS_READ_ONLY;
  return layoutDisk(
    [
      { type: ESP_TYPE, unique: guidOf('esp', rootHash), name: 'esp', part: esp },
      { type: types.data, unique: names.root, name: 'root', attributes, part: root },
      { type: types.verity, unique: names.verity, name: 'root-verity', attributes, part: hashes },
    ],
    { diskGuid: guidOf('disk', rootHash) },
  );
}

/** A root that is written to: what stands in it comes later. It is the last, so that it can take what a larger disk has behind it. */
export const writableDisk = (machine: PartitionMachine, esp: Part, root: Ext4Layout, commandLine: string): DiskLayout =>
  layoutDisk(
    [
      { type: ESP_TYPE, unique: guidOf('esp', root.uuid), name: 'esp', part: esp },
      {
        type: PARTITION_TYPES[machine].root.data,
        unique: writablePartition(root, commandLine),
        name: 'root',
        attributes: PARTITION_GROWS,
        sizeBytes: root.sizeBytes,
      },
    ],
    { diskGuid: guidOf('disk', root.uuid) },
  );

const NAMED_ROOT = /(?:^|\s)root=PARTUUID=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=\s|$)/i;

/**
 * By which the kernel finds that root: the GUID that its command line says, else one made of what stands there. A kernel image that is
 * made later finds a disk that has lived meanwhile by the former alone.
 */
export const writablePartition = ({ uuid }: Ext4Layout, commandLine: string): string =>
  NAMED_ROOT.exec(commandLine)?.[1]?.toLowerCase() ?? guidOf('root', uuid);
