/** The phases of a package's build, in the order they run. One table: the script, the field check and the docs read it. */
export const PHASES = [
  { name: 'unpack', doc: 'unpacks `source`; written when there is a source' },
  { name: 'patch', doc: 'applies `patches` with `patch -Np1`; written when there are patches' },
  { name: 'prepare', doc: 'last touches before configuring; empty unless given' },
  { name: 'configure', doc: 'by the style' },
  { name: 'build', doc: 'by the style' },
  { name: 'check', doc: "as given, or the style's where `check` says so" },
  { name: 'install', doc: 'by the style; puts files below `$out/usr` and `$out/etc`' },
  { name: 'fixup', doc: 'last touches on what was installed; empty unless given' },
] as const;

type Phase = (typeof PHASES)[number]['name'];

const capital = (name: string): string => name[0]!.toUpperCase() + name.slice(1);

export const hookBefore = (phase: Phase | 'split'): PhaseName => `pre${capital(phase)}` as PhaseName;
export const hookAfter = (phase: Phase | 'split'): PhaseName => `post${capital(phase)}` as PhaseName;

/** What runs around each phase, in the shell of that phase. */
export const HOOKS: readonly { readonly name: PhaseName; readonly doc: string }[] = [
  ...PHASES.map((phase) => phase.name),
  'split' as const,
].flatMap((phase) => [
  { name: hookBefore(phase), doc: `before \`${phase}\`, in the same shell` },
  { name: hookAfter(phase), doc: `after \`${phase}\`, in the same shell` },
]);

/** A phase, or a hook around one. */
export type PhaseName = Phase | `${'pre' | 'post'}${Capitalize<Phase | 'split'>}`;

/** Shell text of each phase and hook that runs. */
export type PhaseTexts = Partial<Record<PhaseName, string>>;

export const phaseNames: readonly Phase[] = PHASES.map((phase) => phase.name);

/** All that `phases` can hold. */
export const phaseTextNames: readonly PhaseName[] = [...phaseNames, ...HOOKS.map((hook) => hook.name)];
