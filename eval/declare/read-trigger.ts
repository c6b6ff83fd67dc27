/** Triggers and services: what a package says of the system it is placed on. */
import { didYouMean } from '../../base/index.ts';
import { entries, force, items, type Reading, readBool, readLine, readPatterns, wrong, wrongType } from './read-field.ts';

/** What is run in a root when certain paths change there. */
export interface DeclaredTrigger {
  readonly name: string;
  readonly paths: readonly string[];
  readonly run: readonly string[];
  readonly isFatal: boolean;
}

/** Sorted by name. */
export const readTriggers = (reading: Reading): readonly DeclaredTrigger[] =>
  entries(reading).map(([name, entry, key]) => {
    if (!/^[A-Za-z0-9._+-]{1,64}$/.test(name)) throw wrong(key, `holds '${name}', which cannot be the name of a trigger`);
    const parts = new Map(entries(entry).map(([part, value, partKey]) => [part, { value, partKey }]));
    for (const [part, { partKey }] of parts) {
      if (!['paths', 'run', 'fatal'].includes(part))
        throw wrong(partKey, `has '${name}.${part}'`, {
          hint: didYouMean(part, ['paths', 'run', 'fatal'])[0] ?? 'a trigger has paths, run and fatal',
        });
    }
    const [paths, run, fatal] = [parts.get('paths'), parts.get('run'), parts.get('fatal')];
    if (paths === undefined || run === undefined) throw wrong(entry, `has no '${paths === undefined ? 'paths' : 'run'}'`);
    return {
      name,
      paths: readPatterns(paths.value),
      run: readCommand(run.value),
      isFatal: fatal === undefined ? false : readBool(fatal.value),
    };
  });

/** Words as they are; text as the shell of the root understands it. */
function readCommand(reading: Reading): readonly string[] {
  const value = force(reading);
  if (typeof value === 'string' && value !== '') return ['sh', '-ec', value];
  if (!Array.isArray(value) || value.length === 0) throw wrongType(reading, value);
  return items(reading).map((item) => readLine(item));
}

/** Service → whether it is switched on. */
export function readServices(reading: Reading): ReadonlyMap<string, boolean> {
  const services = new Map<string, boolean>();
  for (const [name, entry] of entries(reading)) {
    const word = readLine(entry);
    if (word !== 'enable' && word !== 'disable') throw wrong(entry, `is '${word}'`, { hint: 'write "enable" or "disable"' });
    services.set(name, word === 'enable');
  }
  return services;
}
