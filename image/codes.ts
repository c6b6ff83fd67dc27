import { defineCodes, Fault } from '../base/index.ts';

/** Errors of images. Numbers are never given twice. */
export const imageCodes = defineCodes({
  'E-IMG-001': {
    title: 'a file changed while an image was made of it',
    explanation:
      'A file had another size when it was read than when the image was laid out. The image is not written; nothing else was changed.',
  },
  'E-IMG-020': {
    title: 'a path that cannot be on a medium',
    explanation: 'Each path stands once, leads through folders only, and its name is one that file systems have.',
  },
  'E-IMG-021': {
    title: 'a name that FAT cannot hold',
    explanation:
      'FAT, which firmware reads, keeps names as UTF-16 of at most 255 units, without control characters, without any of `"*/:<>?\\|`, and with no dot or space at the end.',
    wrong: 'EFI/Linux/igos:1.efi',
    right: 'EFI/Linux/igos-1.efi',
  },
  'E-IMG-022': {
    title: 'two names that are one to FAT',
    explanation:
      'FAT keeps upper and lower case, but finds a file by either: two names in a folder that differ in nothing else are one.',
    wrong: 'loader/Entry.conf and loader/entry.conf',
    right: 'loader/entry-1.conf and loader/entry-2.conf',
  },
  'E-IMG-023': {
    title: 'a file too large for FAT',
    explanation: 'FAT has 32 bits for the size of a file. What is larger belongs into a partition or file system of its own.',
  },
  'E-IMG-024': {
    title: 'too little room',
    explanation:
      'The size that was asked for does not hold what goes there together with what the format needs for itself. FAT16 begins at about 2 MiB.',
  },
  'E-IMG-025': {
    title: 'more than the format holds',
    explanation: 'Media have fields of fixed sizes for lengths and numbers: what does not fit there cannot be found again.',
  },
  'E-IMG-026': {
    title: 'a label that the medium cannot have',
    explanation:
      'Labels are short, and of few characters: a system is often found by the label of its medium, so it has to be kept as it is.',
    wrong: 'Système vivant',
    right: 'IGOS_LIVE',
  },
  'E-IMG-027': {
    title: 'not a GUID',
    explanation: 'Disks and partitions are named by 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.',
  },
  'E-IMG-028': {
    title: 'a partition that cannot be made',
    explanation:
      'A partition has a name of at most 36 UTF-16 units, a size, and a GUID that no other has; a table holds 128 of them.',
  },
  'E-IMG-029': {
    title: 'too long for a CD',
    explanation:
      'Linux reads at most 253 bytes of a name on a CD, and others at most 1023 of the target of a symlink. What is longer would be there under another name, or keep the medium from being read.',
  },
});

export const imageFault = {
  changed: (file: string): Fault =>
    new Fault('E-IMG-001', `'${file}' changed while an image was made of it`, {
      hints: ['make the image again when nothing writes there'],
    }),
};
