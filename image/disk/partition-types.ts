/** Types of partitions by which systems find their parts: those of the Discoverable Partitions Specification. */

/** Of which machine a system is, as igos names it. */
export type PartitionMachine = 'x86_64' | 'aarch64';

export const ESP_TYPE = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b';
/** Data for Linux that nobody looks for. */
export const LINUX_TYPE = '0fc63daf-8483-4772-8e79-3d69d8477de4';

/** What is mounted at `/` or `/usr`, the hash tree that it is checked with, and the signature of its root hash. */
export interface TreeTypes {
  readonly data: string;
  readonly verity: string;
  readonly signature: string;
}

export const PARTITION_TYPES: Readonly<Record<PartitionMachine, { readonly root: TreeTypes; readonly usr: TreeTypes }>> = {
  x86_64: {
    root: {
      data: '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
      verity: '2c7357ed-ebd2-46d9-aec1-23d437ec2bf5',
      signature: '41092b05-9fc8-4523-994f-2def0408b176',
    },
    usr: {
      data: '8484680c-9521-48c6-9c11-b0720656f69e',
      verity: '77ff5f63-e7b6-4633-acf4-1565b864c0e6',
      signature: 'e7bb33fb-06cf-4e81-8273-e543b413e2e2',
    },
  },
  aarch64: {
    root: {
      data: 'b921b045-1df0-41c3-af44-4c6f280d3fae',
      verity: 'df3300ce-d69f-4c92-978c-9bfb0f38d820',
      signature: '6db69de6-29f4-4758-a7a5-962190f00ce3',
    },
    usr: {
      data: 'b0e01050-ee5f-4390-949a-9101b17104e9',
      verity: '6e11a4e7-fbca-4ded-b9e9-e1a512bb664e',
      signature: 'c23ce4ff-44bd-4b00-b2d4-b41b3419e02a',
    },
  },
};

/** Bits of `attributes` that the specification gives to partitions that are found by their type. */
export const PARTITION_GROWS: bigint = 1n << 59n;
export const PARTITION_IS_READ_ONLY: bigint = 1n << 60n;
