/** Names of packages as expressions inside a declaration. */
import { isIdentifier } from '../lang/index.ts';
import { writeName } from './written.ts';

/** Fields of declarations, and what else comes before packages there (docs/declarations.md, Names). */
const TAKEN = new Set(
  (
    'tier summary license homepage version release name source patches build host runtime style phases check env config modes ' +
    'capabilities triggers services supersedes provides conflicts verifyPaths strip debug tidy references memory foundAs divergences lacks ' +
    'pending waivers meta after ships holds sequence unaudited buildsOn accumulates super packages tiers systems if then else assert with let in rec ' +
    'inherit or'
  ).split(' '),
);

/** `zlib`, or `packages.check` where the name alone means something else. */
export const reference = (name: string): string =>
  isIdentifier(name) && !TAKEN.has(name) ? name : `packages.${writeName(name)}`;
