import { defineCodes, Fault } from '../base/index.ts';

/** Errors of images. Numbers are never given twice. */
export const imageCodes = defineCodes({
  'E-IMG-001': {
    title: 'a file changed while an image was made of it',
    explanation:
      'A file had another size when it was read than when the image was laid out. The image is not written; nothing else was changed.',
  },
});

export const imageFault = {
  changed: (file: string): Fault =>
    new Fault('E-IMG-001', `'${file}' changed while an image was made of it`, {
      hints: ['make the image again when nothing writes there'],
    }),
};
