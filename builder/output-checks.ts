/** Whether outputs refer to no more than their derivation allows, and are no larger. */
import { type Bytes, compareBytes } from '../base/index.ts';
import {
  type Derivation,
  type ObjectStore,
  type PathInfo,
  type PreparedOutputs,
  type StorePath,
  splitStorePath,
} from '../store/index.ts';
import { buildFault } from './build-fault.ts';
import { type OutputCheck, outputChecks } from './derivation-options.ts';

/**
 * Holds what a build has made, before the store has it, against the rules of its derivation (resolved).
 *
 * @throws Fault E-BUILD-042 a reference that must not be · E-BUILD-043 too large · E-BUILD-044 the rules are none
 */
export function checkOutputs(store: ObjectStore, drv: Derivation, made: PreparedOutputs): void {
  const rules = outputChecks(drv);
  if (rules.size === 0) return;
  const infos = new Map<StorePath, Info>(made.objects.map(({ info }) => [info.path, info]));
  const infoOf = (path: StorePath): Info => infos.get(path) ?? store.info(path)!;
  for (const [output, path] of made.paths) {
    const check = rules.get(output);
    if (check !== undefined) new Checker(drv, made.paths, { store, infoOf }).check(output, path, check);
  }
}

type Info = Pick<PathInfo, 'references' | 'narSizeBytes'>;

class Checker {
  readonly #drv: Derivation;
  readonly #paths: ReadonlyMap<string, StorePath>;
  readonly #storeDir: string;
  readonly #infoOf: (path: StorePath) => Info;

  constructor(
    drv: Derivation,
    paths: ReadonlyMap<string, StorePath>,
    source: { readonly store: ObjectStore; readonly infoOf: (path: StorePath) => Info },
  ) {
    this.#drv = drv;
    this.#paths = paths;
    this.#storeDir = source.store.storeDir;
    this.#infoOf = source.infoOf;
  }

  check(output: string, path: StorePath, check: OutputCheck): void {
    const { narSizeBytes, references } = this.#infoOf(path);
    this.#limit(output, 'maxSize', narSizeBytes, check.maxSizeBytes);
    const closure = this.#closure(path);
    const total = closure.reduce((sum, each) => sum + this.#infoOf(each).narSizeBytes, 0);
    this.#limit(output, 'maxClosureSize', total, check.maxClosureSizeBytes);
    const requisites = check.ignoresItself ? closure.filter((each) => each !== path) : closure;
    this.#allow(output, 'allowedReferences', references, check.allowedReferences);
    this.#allow(output, 'allowedRequisites', requisites, check.allowedRequisites);
    this.#forbid(output, 'disallowedReferences', references, check.disallowedReferences);
    this.#forbid(output, 'disallowedRequisites', requisites, check.disallowedRequisites);
  }

  #closure(path: StorePath): StorePath[] {
    const seen = new Set([path]);
    for (const each of seen) for (const reference of this.#infoOf(each).references) seen.add(reference);
    return [...seen].sort(compareBytes);
  }

  /** Words of a rule as paths: names of outputs stand for theirs. */
  #named(words: readonly string[], output: string, rule: string): ReadonlySet<Bytes> {
    return new Set(
      words.map((word) => {
        const path = this.#paths.get(word);
        if (path !== undefined) return path;
        const split = splitStorePath(word, this.#storeDir);
        if (split?.rest === '') return split.path;
        throw buildFault('E-BUILD-044', `'${rule}' for the output '${output}' of '${this.#drv.name}' names '${word}'`, {
          notes: [`its outputs: ${[...this.#paths.keys()].join(', ')}`],
          hints: ['name outputs of this derivation, or store paths'],
        });
      }),
    );
  }

  #allow(output: string, rule: string, used: readonly StorePath[], words: readonly string[] | undefined): void {
    if (words === undefined) return;
    const allowed = this.#named(words, output, rule);
    this.#refuse(
      output,
      rule,
      used.filter((path) => !allowed.has(path)),
    );
  }

  #forbid(output: string, rule: string, used: readonly StorePath[], words: readonly string[] | undefined): void {
    if (words === undefined) return;
    const forbidden = this.#named(words, output, rule);
    this.#refuse(
      output,
      rule,
      used.filter((path) => forbidden.has(path)),
    );
  }

  #refuse(output: string, rule: string, bad: readonly StorePath[]): void {
    if (bad.length === 0) return;
    const what = rule.endsWith('Requisites') ? 'require' : 'refer to';
    const shown = bad.length === 1 ? `'${bad[0]!}'` : `${bad.length} paths`;
    throw buildFault('E-BUILD-042', `the output '${output}' of '${this.#drv.name}' is not allowed to ${what} ${shown}`, {
      notes: [`'${rule}' says so${bad.length === 1 ? '' : ` of:\n${bad.join('\n')}`}`],
      hints: ["build without the rule, and 'igos store why-depends' shows the file that holds the path"],
    });
  }

  #limit(output: string, rule: string, sizeBytes: number, max: number | undefined): void {
    if (max === undefined || sizeBytes <= max) return;
    const what = rule === 'maxSize' ? 'is' : 'comes with all it requires to';
    throw buildFault(
      'E-BUILD-043',
      `the output '${output}' of '${this.#drv.name}' ${what} ${sizeBytes} bytes, '${rule}' allows ${max}`,
      { hints: ['let it hold or refer to less, or raise the limit'] },
    );
  }
}
