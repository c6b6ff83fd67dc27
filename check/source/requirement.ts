import type { Probe } from '../facts.ts';

/** A name that a source's configure step looks for. */
export interface Requirement extends Probe {
  /** Names that do as well, tried in order. */
  readonly others: readonly string[];
  /** It stops without it, whatever is chosen: no option, not inside a condition, no way of its own for when it is not there. */
  readonly isRequired: boolean;
  readonly by: BuildSystem;
  /** `configure.ac:120`, below the top folder of the source. */
  readonly where: string;
}

export type BuildSystem = 'autotools' | 'meson' | 'cmake';

/** `pkgconfig(glib-2.0)`. */
export const probeText = ({ kind, name }: Probe): string => `${kind}(${name})`;

/** A name as configure steps write it; computed ones (`$x`, `@x@`, `${x}`) are not known here. */
export const isPlainName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9+._/-]*$/.test(name);
