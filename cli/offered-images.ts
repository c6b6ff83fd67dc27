/** Packages of the synced repositories, fetched, as images that pkm can place. */
import { existsSync } from 'node:fs';
import { Fault } from '../base/index.ts';
import type { AvailablePackage, FetchOptions, PackageImage, Root } from '../pkm/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Context } from './context.ts';
import { openForReading } from './root-reading.ts';

/** What is a folder or a file of declarations, rather than the name of a package that repositories offer. */
export const isTreeOperand = (operand: string): boolean => /[#/]|^\.{1,2}$/.test(operand);

/**
 * An archive is named by an option: its bytes are neither a tree nor the name of a package.
 *
 * @throws UsageError that says so
 */
export function refuseArchives(command: 'install' | 'upgrade', operands: readonly string[]): void {
  const archive = operands.find((operand) => /\.(tar(\.[a-z0-9]+)?|tgz)$/.test(operand));
  if (archive === undefined || archive.startsWith('depot:')) return;
  throw new UsageError(`'${archive}' is an archive, not a tree, nor the name of a package`, [
    `pkm ${command} --archive ${archive}`,
  ]);
}

/** `work` on names of packages; where it fails, a name of no package that is a tree beside us is pointed out. */
export function namingPackages<T>(root: Root, names: readonly string[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    const isKnown = (name: string): boolean =>
      root.list().some((record) => record.name === name) || root.available(name).length > 0;
    const tree = names.find((name) => existsSync(name) && !isKnown(name));
    if (error instanceof Fault && tree !== undefined) {
      error.hints = [
        `'${tree}' is here as a file or folder: a tree is called './${tree}', a package of it './${tree}#NAME'`,
        ...error.hints,
      ];
    }
    throw error;
  }
}

/** The name in a requirement: `zlib` of `zlib>=1.3`. */
export const nameInRequirement = (text: string): string => /^[^<>=!~\s]*/.exec(text)![0];

/** The offers that were asked for by name, or that provide what was; the others come along. */
export const askedFor = (offers: readonly AvailablePackage[], requirements: readonly string[]): string[] =>
  requirements.flatMap((requirement) => {
    const name = nameInRequirement(requirement);
    const provides = (offer: AvailablePackage): boolean => offer.provides.some((one) => nameInRequirement(one) === name);
    const offer = offers.find((one) => one.name === name) ?? offers.find(provides);
    return offer === undefined ? [] : [offer.name];
  });

/** Fetches and unpacks; in the order given. @throws Fault E-PKM-071 */
export async function offeredImages(context: Context, root: Root, offers: readonly AvailablePackage[]): Promise<PackageImage[]> {
  if (offers.length === 0) return [];
  return root.readArchives(await withProgress(context, (fetching) => root.fetchAll(offers, fetching)));
}

/**
 * Downloads what a change will need before it takes the root's lock: it is short then, and others need not wait for a network.
 * What cannot be resolved now is said when it is resolved again, under the lock.
 */
export async function fetchAhead(
  context: Context,
  args: Arguments,
  requirements: readonly string[],
  options: { readonly upgrade?: boolean } = {},
): Promise<void> {
  using root = openForReading(args, { mayBeMissing: true });
  let offers: readonly AvailablePackage[];
  try {
    offers = root.resolve(requirements, { ...options, ignoreHolds: args.has('ignore-holds') });
  } catch (error) {
    if (error instanceof Fault) return;
    throw error;
  }
  if (offers.length > 0)
    await withProgress(context, (fetching) => root.fetchAhead(offers, { ...fetching, isOptional: args.has('dry-run') }));
}

async function withProgress<T>(context: Context, fetch: (options: FetchOptions) => Promise<T>): Promise<T> {
  const { openProgress } = await import('./progress/open.ts');
  const progress = await openProgress(context);
  const started = new Set<string>();
  try {
    return await fetch({
      onWait: () => context.out.talk('waiting for another pkm, which is downloading'),
      onProgress: ({ package: name, doneBytes, sizeBytes }) => {
        if (!started.has(name)) progress.start(name, `fetching ${name}`);
        started.add(name);
        progress.detail(name, '', { done: doneBytes, total: sizeBytes });
        if (doneBytes === sizeBytes) progress.finish(name, 'done');
      },
    });
  } finally {
    progress.stop();
  }
}
