/** `${version}` and its like in addresses and file names, as interpolations of the language. */
import type { Finding } from '../report.ts';
import type { Written } from '../written.ts';
import type { Recipe } from './recipe.ts';

type Find = (kind: Finding['kind'], about: string, text: string) => void;

/** @source igos-build's parser: five variables, of dotted parts of the version */
function expressionOf(variable: string, recipe: Recipe): string | { readonly code: string } | undefined {
  const parts = recipe.version.split('.');
  switch (variable) {
    case 'name':
    case 'version':
      return { code: variable };
    case 'version_major':
      return { code: 'lib.versions.major version' };
    case 'version_major_minor':
      return { code: parts.length < 2 ? 'version' : 'lib.versions.majorMinor version' };
    case 'version_patch':
      return parts.length < 3 ? '0' : { code: 'lib.versions.patch version' };
    default:
      return undefined;
  }
}

export function resolveUrl(text: string, recipe: Recipe, find?: Find): Written {
  return text.split(/(\$\{\w+\})/).map((part, index) => {
    if (index % 2 === 0) return part;
    const variable = part.slice(2, -1);
    const found = expressionOf(variable, recipe);
    if (found === undefined) find?.('odd', 'source', `knows no variable '${variable}'; igos-build ends with an error`);
    return found ?? part;
  });
}

export const resolveText = (text: string, recipe: Recipe): Written => resolveUrl(text, recipe);
