/**
 * The builder `builtin:unpackDebian`: the files of Debian packages laid over each other in one tree, as a root with everything below
 * `/usr` has them. No script is run and no program of the packages is called: the same packages give the same bytes on every machine.
 *
 * | attribute | |
 * | --- | --- |
 * | `debs` | store paths of the packages, in the order in which they are laid |
 * | `omit` | JSON: patterns of what is left out, files or whole folders |
 * | `links` | JSON: links to make, path → target: what maintainer scripts would set up (`cc`, `awk`, `sh`) |
 *
 * @source docs/seed.md
 */
import { lstatSync, mkdirSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, Fault, sys, textToBytes } from '../../base/index.ts';
import { storePathBase } from '../../store/index.ts';
import { buildFault } from '../build-fault.ts';
import type { BuildContext, BuildJob } from '../build-one.ts';
import { unpackDebianBuilder } from '../builtin.ts';
import type { Made } from '../collect.ts';
import { words } from '../environment.ts';
import type { Placing } from '../fetch/tar.ts';
import { unpackArchive } from '../fetch/unpack.ts';
import { rootLinks } from '../layers.ts';
import { outputPlaces } from '../output-places.ts';
import { removeScratch } from '../remove.ts';
import { extractData } from './deb.ts';

/** Makes the tree and hands it to `use`. @throws Fault E-BUILD-012 bad attributes · E-BUILD-013 bad package · E-BUILD-053 two disagree */
export async function unpackDebian<T>(
  context: BuildContext,
  job: BuildJob,
  use: (made: Made, keep: () => string, usage: undefined) => T | Promise<T>,
): Promise<T> {
  const { store } = context;
  const { drv } = job.resolved;
  const debs = words(drv.env.get('debs'));
  const omitted = patternsOf(readJson(drv.name, 'omit', drv.env.get('omit') ?? '[]', isStrings));
  const links = readJson(drv.name, 'links', drv.env.get('links') ?? '{}', isLinks);
  const places = outputPlaces(job.resolved, store.storeDir);
  const scratch = store.makeScratch();
  let isKept = false;
  const keep = (): string => {
    isKept = true;
    return scratch;
  };
  try {
    const folder = `${scratch}/made`;
    const target = `${folder}/${storePathBase(places.get('out')!)}`;
    sys('unpack to', target, () => mkdirSync(target, { recursive: true }));
    const owners = new Map<Bytes, string>();
    for (const [index, deb] of debs.entries()) {
      const data = `${scratch}/${index}`;
      const name = nameOf(deb);
      try {
        extractData(store.toReal(deb as Parameters<typeof store.toReal>[0]), data);
        const { workspace, signal } = context;
        await unpackArchive(data, target, { workspace, signal, slot: job.slot, placing: placing(name, omitted, owners) });
      } catch (error) {
        throw error instanceof Fault ? inPackage(error, name) : error;
      }
      for (const each of [data, `${data}.tar`]) rmSync(each, { force: true });
    }
    for (const [path, to] of Object.entries(links)) makeLink(textToBytes(target), path, to);
    return await use({ drv, drvPath: job.drvPath, folder, places, closure: [] }, keep, undefined);
  } finally {
    if (!isKept) removeScratch(scratch);
  }
}

/** Below `/usr` whatever the package says; two packages that have the same path are an error. */
function placing(name: string, omitted: readonly RegExp[], owners: Map<Bytes, string>): Placing {
  return {
    place(path) {
      const slash = path.indexOf('/');
      const top = rootLinks.get(slash === -1 ? path : path.slice(0, slash));
      // The folder itself comes with what is in it, and would be a link in other packages.
      if (top !== undefined && slash === -1) return undefined;
      const place = top === undefined ? path : `${top}${path.slice(slash)}`;
      if (isOmitted(place, omitted)) return undefined;
      if (!owners.has(place)) owners.set(place, name);
      return place;
    },
    taken(path) {
      const owner = owners.get(path);
      if (owner === name || owner === undefined) return;
      throw buildFault('E-BUILD-053', `the Debian packages '${owner}' and '${name}' both have '/${bytesToText(path)}'`, {
        hints: [
          `leave it out: omit = [ "${bytesToText(path)}" ];`,
          'or make a seed of each, and let one package supersede the other',
        ],
      });
    },
  };
}

/** A folder goes with what is in it. */
function isOmitted(path: Bytes, omitted: readonly RegExp[]): boolean {
  if (omitted.length === 0) return false;
  for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1))
    if (omitted.some((pattern) => pattern.test(path.slice(0, end)))) return true;
  return omitted.some((pattern) => pattern.test(path));
}

/** `*` and `?` within a name, as in a shell. */
const patternsOf = (patterns: readonly string[]): RegExp[] =>
  patterns.map((pattern) => {
    const text = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${text.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}$`, 's');
  });

/** The folders above it are real ones: a link of the packages there could lead out of the tree, to files of this machine. */
function makeLink(target: Bytes, path: Bytes, to: Bytes): void {
  const shown = bytesToText(path);
  sys('link', shown, () => {
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) {
      const above = path.slice(0, end);
      const folder = bytesToPath(`${target}/${above}`);
      const stat = lstatSync(folder, { throwIfNoEntry: false });
      if (stat === undefined) mkdirSync(folder);
      else if (!stat.isDirectory())
        throw buildFault(
          'E-BUILD-012',
          `the link '${shown}' would stand below '${bytesToText(above)}', which is a ${stat.isSymbolicLink() ? 'link' : 'file'}`,
          { hints: ['name its place by real folders', `or leave that out: omit = [ "${bytesToText(above)}" ];`] },
        );
    }
    const real = bytesToPath(`${target}/${path}`);
    const stat = lstatSync(real, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true)
      throw buildFault('E-BUILD-012', `the link '${shown}' would stand where a folder is`, {
        hints: ['link to what is inside it'],
      });
    if (stat !== undefined) unlinkSync(real);
    symlinkSync(bytesToPath(to), real);
  });
}

const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

/** Path below the tree → target. Nothing leads out of the tree by its name. */
const isLinks = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.entries(value).every(
    ([path, to]) =>
      typeof to === 'string' &&
      to !== '' &&
      !`${path}${to}`.includes('\0') &&
      path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
  );

function readJson<T>(drvName: string, name: string, text: Bytes, isRight: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(text);
    if (isRight(value)) return value;
  } catch {
    // told below
  }
  throw buildFault('E-BUILD-012', `'${name}' of '${drvName}' is not what ${unpackDebianBuilder} takes`, {
    hints: ['let style = debianSeed write it'],
  });
}

/** `/igos/store/<hash>-hello_2.10-3_amd64.deb` → `hello_2.10-3_amd64.deb`. */
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/^[^-]*-/, '');

function inPackage(fault: Fault, name: string): Fault {
  fault.trace = [{ text: `while unpacking '${name}'` }, ...fault.trace];
  return fault;
}
