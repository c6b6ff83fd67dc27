import { defineCodes } from '../base/index.ts';

/** Errors of images. Numbers are never given twice. */
export const imageCodes = defineCodes({
  'E-IMG-001': {
    title: 'a file changed while an image was made of it',
    explanation:
      'A file had another size when it was read than when the image was laid out. The image is not written; nothing else was changed.',
  },
  'E-IMG-002': {
    title: 'a path that cannot be in an image',
    explanation: 'Each path stands once, leads through folders only, and its name is one that file systems have.',
  },
  'E-IMG-003': {
    title: 'more than the format holds',
    explanation:
      'File systems and media have fields of fixed sizes for what they say of files: so many owners, such a length of a name, a link or an attribute. The image is not written.',
  },
  'E-IMG-010': {
    title: 'data that no hash tree can cover',
    explanation:
      'dm-verity hashes whole blocks of 4096 bytes: there has to be at least one, and data in a file of their own must end with a block. (What is appended to an image is padded.)',
  },
  'E-IMG-011': {
    title: 'an entry that no initramfs can hold',
    explanation:
      'Linux leaves out without a word what it cannot make of an initramfs: entries whose folder does not come before them, names or links of 4096 bytes and more. Names that lead outside, that stand there twice, and files of 4 GiB and more are refused for the same reason.',
  },
  'E-IMG-012': {
    title: 'not an EFI program, or a malformed one',
    explanation:
      'The headers of a PE32+ program for x86-64 or ARM64 were expected, and all that they name inside of the file, without overlaps and gaps: firmware and signing programs disagree about what is hashed of any other.',
  },
  'E-IMG-013': {
    title: 'a part that does not fit into the kernel image',
    explanation:
      "A unified kernel image is systemd's EFI stub with the kernel, its initramfs, its command line and more as sections. Each may stand there once and hold something, their headers have to fit before the stub's first section, and all together have to stay below 4 GiB.",
  },
  'E-IMG-014': {
    title: 'a kernel that the stub cannot start',
    explanation:
      'The kernel of a unified kernel image is started as an EFI program: it has to be one (Linux with CONFIG_EFI_STUB, not compressed as a whole), and for the same machine as the stub.',
  },
  'E-IMG-015': {
    title: 'a key that nothing for Secure Boot is signed with',
    explanation:
      'Firmware takes signatures by RSA with SHA-256. The key has to be an RSA key of 2048 bits or more, in PEM; one that is encrypted needs its passphrase.',
  },
  'E-IMG-016': {
    title: 'a certificate that does not fit',
    explanation:
      'The certificate tells the firmware whose signature it is. It has to be an X.509 certificate in PEM, made for the key that signs; others that lead to it may stand behind it in the same file.',
  },
  'E-IMG-017': {
    title: 'a broken table of signatures',
    explanation:
      'The signatures of an EFI program stand at its end, one after the other. This table does not end with the file, or has entries that are none: what is signed cannot be told from what is not.',
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
