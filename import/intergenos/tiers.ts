/** The tiers of InterGenOS, in the order in which it builds them. */
import { writeList, writeString } from '../written.ts';
import { TIERS, type TierName } from './recipe.ts';

const WORDS: Readonly<
  Record<TierName, { readonly summary: string; readonly after: readonly TierName[]; readonly ships?: false }>
> = {
  toolchain: { summary: 'Cross toolchain and temporary tools', after: [], ships: false },
  core: { summary: 'What a system needs to start and to build itself', after: ['toolchain'] },
  base: { summary: 'Services and tools of a system without a desktop', after: ['core'] },
  desktop: { summary: 'The graphical system and its libraries', after: ['base'] },
  ai: { summary: 'The assistant', after: ['desktop'] },
  extra: { summary: 'Programs that are installed on demand', after: ['desktop'] },
};

/** `tiers.igos`. */
export function writeTiers(): string {
  return TIERS.map((name) => {
    const { summary, after, ships } = WORDS[name];
    return `tier ${name} {\n  summary = ${writeString(summary)};\n${
      after.length === 0
        ? ''
        : `  after = ${writeList(
            after.map((text) => ({ text })),
            '  ',
          )};\n`
    }${ships === false ? '  ships = false;\n' : ''}}\n`;
  }).join('\n');
}
