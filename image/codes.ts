import { type Bytes, bytesToText, defineCodes, Fault } from '../base/index.ts';

/** Errors of images. Numbers are never given twice. */
export const imageCodes = defineCodes({
  'E-IMG-001': {
    title: 'a file changed while an image was made of it',
    explanation:
      'A file had another size when it was read than when the image was laid out. The image is not written; nothing else was changed.',
  },
  'E-IMG-002': {
    title: 'a path that cannot be in an image',
    explanation: 'Each path stands once, in a directory that is there too, and its name is one that file systems have.',
  },
  'E-IMG-003': {
    title: 'more than the format holds',
    explanation:
      'A file system has fields of fixed sizes for what it says of files: so many owners, such a length of a symlink or an attribute. The image is not written.',
  },
});

export const imageFault = {
  changed: (file: string): Fault =>
    new Fault('E-IMG-001', `'${file}' changed while an image was made of it`, {
      hints: ['make the image again when nothing writes there'],
    }),
  misplaced: (path: Bytes, why: string): Fault => new Fault('E-IMG-002', `'/${bytesToText(path)}' cannot be in an image: ${why}`),
  tooMuch: (what: string, limit: string): Fault =>
    new Fault('E-IMG-003', `the image cannot hold ${what}`, { notes: [`the format has room for ${limit}`] }),
};
