import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ESP_TYPE,
  guidOf,
  LINUX_TYPE,
  layoutDisk,
  PARTITION_IS_READ_ONLY,
  PARTITION_TYPES,
  type Partition,
} from '../../image/index.ts';
import { golden } from '../golden.ts';
import { attempt, bytesOfLayout, faultText, told, written } from './media.ts';
import { missing, scratch } from './support.ts';

const MIB = 1 << 20;
const diskGuid = guidOf('test', 'disk');
const partition = (name: string, more: Partial<Partition>): Partition => ({
  type: LINUX_TYPE,
  unique: guidOf('test', name),
  name,
  ...more,
});
const disk: readonly Partition[] = [
  partition('esp', { type: ESP_TYPE, sizeBytes: 3 * MIB, part: Buffer.from('esp') }),
  partition('igos_1', {
    type: PARTITION_TYPES.x86_64.usr.data,
    part: Buffer.alloc(5000, 'u'),
    attributes: PARTITION_IS_READ_ONLY,
  }),
  partition('igos_1_verity', {
    type: PARTITION_TYPES.x86_64.usr.verity,
    part: { sizeBytes: 3, write: (out) => out.write(Buffer.from('v\u00e4')) },
  }),
  partition('empty', { sizeBytes: 1 }),
];

test('a GUID of names is always the same, of other names another', () => {
  assert.equal(guidOf('igos', 'disk'), guidOf('igos', 'disk'));
  assert.match(guidOf('igos', 'disk'), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(new Set([guidOf('ab', 'c'), guidOf('a', 'bc'), guidOf('abc'), guidOf('a', 'b', 'c')]).size, 4);
});

test('a disk is what sgdisk and sfdisk read', { skip: missing('sgdisk', 'sfdisk', 'file') }, (t) => {
  const folder = scratch(t);
  const image = written(folder, layoutDisk(disk, { diskGuid }));
  assert.match(told('sgdisk', ['-v', image]), /No problems found/);
  golden(t, 'image/sgdisk.txt', told('sgdisk', ['-p', image]).replaceAll(folder, ''));
  told('sfdisk', ['--verify', image]);
  golden(t, 'image/sfdisk.txt', told('sfdisk', ['--dump', image]).replaceAll(folder, ''));
  assert.match(told('file', ['-b', image]), /ID=0xee/);
});

test('types of partitions are those that others know', { skip: missing('sgdisk', 'sfdisk') }, (t) => {
  const all = (['x86_64', 'aarch64'] as const).flatMap((machine) =>
    (['root', 'usr'] as const).flatMap((tree) =>
      (['data', 'verity', 'signature'] as const).map((part) =>
        partition(`${machine} ${tree} ${part}`, { type: PARTITION_TYPES[machine][tree][part], sizeBytes: 4096 }),
      ),
    ),
  );
  const image = written(scratch(t), layoutDisk(all, { diskGuid }));
  const named = all.map(
    ({ name }, index) => `${name}: ${/GUID code: \S+ \((.*)\)$/m.exec(told('sgdisk', ['-i', `${index + 1}`, image]))?.[1]}`,
  );
  const listed = told('sfdisk', ['--list', image]).trim().split('\n').slice(-all.length);
  golden(t, 'image/partition-types.txt', [...named, ...listed.map((line) => line.replace(/^.*4K /, ''))].join('\n'));
});

test('what partitions hold stands at their starts, a table at either end', (t) => {
  const bytes = bytesOfLayout(scratch(t), layoutDisk(disk, { diskGuid, sizeBytes: 64 * MIB }));
  assert.equal(bytes.length, 64 * MIB);
  assert.equal(bytes.toString('latin1', MIB, MIB + 4), 'esp\0');
  assert.equal(bytes.toString('latin1', 4 * MIB, 4 * MIB + 5001), `${'u'.repeat(5000)}\0`);
  assert.equal(bytes.toString('utf8', 5 * MIB, 5 * MIB + 3), 'v\u00e4');
  assert.equal(bytes.toString('latin1', 512, 520), 'EFI PART');
  assert.equal(bytes.toString('latin1', bytes.length - 512, bytes.length - 504), 'EFI PART');
});

test('a damaged start of the disk is mended from its end', { skip: missing('sgdisk') }, (t) => {
  const image = written(scratch(t), layoutDisk(disk, { diskGuid }));
  told('dd', ['if=/dev/zero', `of=${image}`, 'bs=512', 'seek=1', 'count=33', 'conv=notrunc']);
  assert.match(attempt('sgdisk', ['-p', image]).stdout, /igos_1_verity/);
});

test('partitions that cannot be', (t) => {
  const fault = (partitions: readonly Partition[], sizeBytes?: number): string =>
    faultText(() => layoutDisk(partitions, { diskGuid, ...(sizeBytes !== undefined && { sizeBytes }) }));
  const one = partition('one', { sizeBytes: 4096 });
  golden(
    t,
    'errors/image-disk.txt',
    [
      fault([one], MIB),
      fault([partition('esp', { part: Buffer.alloc(2 * MIB), sizeBytes: MIB })]),
      fault(Array.from({ length: 129 }, (_, index) => partition(`${index}`, { sizeBytes: 1 }))),
      fault([partition('nil', {})]),
      fault([partition('a name that is one letter too long for it', { sizeBytes: 1 })]),
      fault([one, partition('two', { unique: one.unique.toUpperCase(), sizeBytes: 1 })]),
      fault([partition('esp', { type: 'EF00', sizeBytes: 1 })]),
    ].join('\n'),
  );
});
