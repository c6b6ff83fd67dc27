/** Packages of the synced repositories, fetched, as images that pkm can place. */
import type { AvailablePackage, PackageImage, Root } from '../pkm/index.ts';
import type { Context } from './context.ts';

/** What is a folder or a file of declarations, rather than the name of a package that repositories offer. */
export const isTreeOperand = (operand: string): boolean => /[#/]|^\.{1,2}$/.test(operand);

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
  return root.readArchives(await fetchWithProgress(context, root, offers));
}

async function fetchWithProgress(context: Context, root: Root, offers: readonly AvailablePackage[]): Promise<string[]> {
  const { openProgress } = await import('./progress/open.ts');
  const progress = await openProgress(context);
  const started = new Set<string>();
  try {
    return await root.fetchAll(offers, {
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
