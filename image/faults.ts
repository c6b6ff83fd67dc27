/** The errors of images, each with its words. */
import { type Bytes, bytesToText, Fault } from '../base/index.ts';

export const imageFault = {
  changed: (file: string): Fault =>
    new Fault('E-IMG-001', `'${file}' changed while an image was made of it`, {
      hints: ['make the image again when nothing writes there'],
    }),
  misplaced: (path: Bytes, why: string): Fault => new Fault('E-IMG-002', `'/${bytesToText(path)}' cannot be in an image: ${why}`),
  tooMuch: (what: string, limit: string): Fault =>
    new Fault('E-IMG-003', `${what} is more than the format holds`, { notes: [`the format has room for ${limit}`] }),
  uncovered: (what: string, why: string): Fault => new Fault('E-IMG-010', `cannot make a hash tree for '${what}': ${why}`),
  entry: (path: string, why: string, hint?: string): Fault =>
    new Fault('E-IMG-011', `cannot put '${path}' into an initramfs: ${why}`, { hints: hint === undefined ? [] : [hint] }),
  program: (file: string, why: string): Fault => new Fault('E-IMG-012', `'${file}' is not a usable EFI program: ${why}`),
  part: (part: string, why: string, hint?: string): Fault =>
    new Fault('E-IMG-013', `cannot put '${part}' into a kernel image: ${why}`, { hints: hint === undefined ? [] : [hint] }),
  kernel: (why: string, hint: string): Fault =>
    new Fault('E-IMG-014', `the kernel cannot be started by the stub: ${why}`, { hints: [hint] }),
  key: (file: string, why: string, hint?: string, cause?: unknown): Fault =>
    new Fault('E-IMG-015', `cannot sign with the key '${file}': ${why}`, { hints: hint === undefined ? [] : [hint], cause }),
  certificate: (file: string, why: string, hint?: string, cause?: unknown): Fault =>
    new Fault('E-IMG-016', `cannot sign with the certificate '${file}': ${why}`, {
      hints: hint === undefined ? [] : [hint],
      cause,
    }),
  signatures: (file: string, why: string): Fault =>
    new Fault('E-IMG-017', `the signatures of '${file}' cannot be read: ${why}`, {
      hints: ['begin with the program as it was before anybody signed it'],
    }),
};
