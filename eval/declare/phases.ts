/** The phases of a package's build, in the order they run. One table: the script, the field check and the docs read it. */
export const PHASES = [
  { name: 'unpack', doc: 'unpacks `source`; written when there is a source' },
  { name: 'patch', doc: 'applies `patches` with `patch -Np1`; written when there are patches' },
  { name: 'prepare', doc: 'last touches before configuring; empty unless given' },
  { name: 'configure', doc: 'by the style' },
  { name: 'build', doc: 'by the style' },
  { name: 'check', doc: 'by the style when `check = true`, or as given' },
  { name: 'install', doc: 'by the style; puts files below `$out/usr` and `$out/etc`' },
  { name: 'fixup', doc: 'last touches on what was installed; empty unless given' },
] as const;

export type PhaseName = (typeof PHASES)[number]['name'];

/** Shell text of each phase that runs. */
export type PhaseTexts = Partial<Record<PhaseName, string>>;

export const phaseNames: readonly PhaseName[] = PHASES.map((phase) => phase.name);
