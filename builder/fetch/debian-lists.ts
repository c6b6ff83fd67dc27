/** The machine's own lists of package sources, turned from binary packages to sources. @source sources.list(5) */
import { readdirSync, readFileSync } from 'node:fs';
import { sys } from '../../base/index.ts';
import { isMissing } from '../build-fault.ts';

/** Texts as bytes, under names that are good in `sources.list.d`. Empty where the machine has none. */
export function sourceLists(aptFolder: string): { name: string; text: string }[] {
  const found = [{ name: 'sources.list', text: readOrEmpty(`${aptFolder}/sources.list`) }];
  for (const name of listOrEmpty(`${aptFolder}/sources.list.d`)) {
    if (/\.(?:list|sources)$/.test(name)) found.push({ name, text: readOrEmpty(`${aptFolder}/sources.list.d/${name}`) });
  }
  return found.flatMap(({ name, text }) => {
    const converted = name.endsWith('.sources') ? convertStanzas(text) : convertLines(text);
    if (converted === '') return [];
    return [{ name: name === 'sources.list' ? 'main.list' : name, text: converted }];
  });
}

/** One-line lists: `deb [options] uri suite component…`. */
export function convertLines(text: string): string {
  const lines = text.split('\n').flatMap((line) => {
    const match = /^\s*deb(?:-src)?(\s.*)$/.exec(line.replace(/(?<=\s)#.*$/, ''));
    return match === null ? [] : [`deb-src${match[1]!.trimEnd()}`];
  });
  return [...new Set(lines)].map((line) => `${line}\n`).join('');
}

/** Lists of stanzas (deb822). Fields that it does not know stay as they are; disabled stanzas go. */
export function convertStanzas(text: string): string {
  const stanzas = text
    .replace(/^#.*\n?/gm, '')
    .split(/\n[ \t]*\n+/)
    .map((stanza) => stanza.trim())
    .filter((stanza) => /^Types:\s*.*\bdeb/im.test(stanza) && !/^Enabled:\s*(?:no|false|0|off)\s*$/im.test(stanza));
  return stanzas.map((stanza) => `${stanza.replace(/^Types:.*$/im, 'Types: deb-src')}\n`).join('\n');
}

function readOrEmpty(path: string): string {
  try {
    return sys('read', path, () => readFileSync(path, 'latin1'));
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}

function listOrEmpty(path: string): string[] {
  try {
    return sys('read the folder', path, () => readdirSync(path));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
