import type { Bytes } from '../../base/index.ts';

/** Compares objects with their manifests. */
export interface Checker {
  /**
   * @param manifest  by `encodeManifest`
   * @param suspect   is called, now or later, where something is not as recorded, is not there, or cannot be read; maybe more than once
   */
  look(real: Bytes, manifest: Buffer, suspect: () => void): void;
}
