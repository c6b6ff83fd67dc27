/**
 * Services that are switched on are symlinks below `/etc`. They are computed from the package, and placed, verified, kept and
 * rolled back like its other configuration: no program runs for it, and who removes one of them keeps it removed.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { didYouMean, Fault, sys } from '../base/index.ts';
import { makeImage } from './image.ts';
import { parentOf, printable } from './names.ts';
import type { ImageEntry, PackageImage } from './types.ts';

const UNIT = /^(?:usr\/lib|lib|etc)\/systemd\/system\/([^/]+\.(?:service|socket|timer|path|target|mount|automount|swap))$/;
const SCRIPT = /^etc\/init\.d\/([^/]+)$/;
/** Without a name: another name of the unit. */
const SWITCH = /^etc\/(?:runlevels\/[^/]+\/([^/]+)|systemd\/system\/(?:[^/]+\.(?:wants|requires)\/([^/]+)|[^/]+))$/;

/** Names of the units and scripts of a package. */
export const servicesOf = (image: PackageImage): ReadonlySet<string> => servicesAmong(image.entries);

const servicesAmong = (placed: readonly Placed[]): ReadonlySet<string> =>
  new Set(
    placed.flatMap(({ path, kind }) => {
      const match = kind === 'directory' ? null : (UNIT.exec(path) ?? SCRIPT.exec(path));
      return match === null ? [] : [match[1]!];
    }),
  );

/**
 * The image with the symlinks that switch services on, and without those that would switch on one that is off.
 * @throws Fault E-PKM-043 the package has no such service, or its unit does not say what wants it
 */
export function withServices(image: PackageImage, services: ReadonlyMap<string, boolean>): PackageImage {
  if (services.size === 0) return image;
  const links = new Map<string, string>();
  const off = new Map<string, string>();
  for (const [name, isOn] of services) for (const [path, target] of linksOf(image, name)) (isOn ? links : off).set(path, target);
  return withLinks(image, links, new Set([...off.keys()].filter((path) => !links.has(path))));
}

/** With these symlinks, and without those. */
function withLinks(image: PackageImage, links: ReadonlyMap<string, string>, off: ReadonlySet<string>): PackageImage {
  const added = [...links]
    .filter(([path]) => !image.entries.some((entry) => entry.path === path))
    .map(([path, target]) => symlink(path, target));
  const kept = image.entries.filter((entry) => entry.kind !== 'symlink' || !off.has(entry.path));
  if (added.length === 0 && kept.length === image.entries.length) return image;
  const { entries: _entries, origin, notes, scratch, contentPath, ...description } = image;
  return makeImage({
    description,
    origin,
    notes,
    ...(scratch === undefined ? {} : { scratch }),
    entries: [...kept, ...added],
    contentPath,
  });
}

/**
 * The next version of a package that is installed: a service that both have stays on or off, as its first version, a system or a later
 * one had it. A service that is new is as the package says.
 *
 * @param rows  of the installed version; asked where the next has services
 */
export function withServicesAsBefore(image: PackageImage, rows: () => readonly Placed[]): PackageImage {
  const units = servicesOf(image);
  const before = units.size === 0 ? [] : rows();
  const there = servicesAmong(before);
  const links = new Map<string, string>();
  const off = new Set<string>();
  for (const unit of units) {
    if (!there.has(unit)) continue;
    const wasOn = new Set(switchesOf(before, unit).map(({ name }) => name));
    const now = switchesOf(image.entries, unit);
    for (const { name, path } of now) if (!wasOn.has(name)) off.add(path);
    for (const name of wasOn)
      if (!now.some((one) => one.name === name)) for (const link of switchOn(image, name)) links.set(...link);
  }
  for (const path of links.keys()) off.delete(path);
  return withoutFoldersOf(off, withLinks(image, links, off), before);
}

/** The image without the folders that only these links needed, where the installed version has none such. */
function withoutFoldersOf(off: ReadonlySet<string>, image: PackageImage, before: readonly Placed[]): PackageImage {
  const idle = new Set([...off].flatMap(foldersAbove));
  for (const { path } of before) idle.delete(path);
  for (const { path, kind } of image.entries)
    if (kind !== 'directory' || !idle.has(path)) for (const folder of foldersAbove(path)) idle.delete(folder);
  return idle.size === 0 ? image : { ...image, entries: image.entries.filter(({ path }) => !idle.has(path)) };
}

function foldersAbove(path: string): string[] {
  const above = [];
  for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) above.push(folder);
  return above;
}

type Placed = Pick<ImageEntry, 'path' | 'target'> & { readonly kind: string };

/** The symlinks that switch a service on, and the name that each does it for: of a template `getty@tty1.service`. */
const switchesOf = (placed: readonly Placed[], service: string): { readonly name: string; readonly path: string }[] =>
  placed.flatMap(({ path, kind, target }) => {
    const match = kind === 'symlink' && basename(target) === service ? SWITCH.exec(path) : null;
    return match === null ? [] : [{ name: match[1] ?? match[2] ?? service, path }];
  });

const symlink = (path: string, target: string): ImageEntry => ({
  path,
  kind: 'symlink',
  mode: 0o777,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  sha256: '',
  target,
});

/** The same, where there must be some. @throws Fault E-PKM-043 */
function linksOf(image: PackageImage, name: string): Map<string, string> {
  const links = switchOn(image, name);
  if (findUnit(image, name) === undefined && findScript(image, name) === undefined) {
    throw new Fault('E-PKM-043', `package '${image.name}' has no service '${printable(name)}'`, {
      hints: [...didYouMean(name, servicesOf(image)), `list what it has with: pkm files ${image.name}`],
    });
  }
  if (links.size > 0) return links;
  throw new Fault(
    'E-PKM-043',
    `service '${printable(name)}' of package '${image.name}' cannot be switched on: its unit does not say what wants it`,
    {
      hints: ["add an [Install] section with 'WantedBy=multi-user.target' to the unit"],
    },
  );
}

/** Path → target of every symlink that switches a service on; none where it cannot be. */
function switchOn(image: PackageImage, name: string): Map<string, string> {
  const links = new Map<string, string>();
  const unit = findUnit(image, name);
  if (unit !== undefined) unitLinks(image, unit.entry, unit.instance, links, new Set());
  const script = findScript(image, name);
  if (script !== undefined) links.set(`etc/runlevels/default/${name}`, `/${script.path}`);
  return links;
}

const findScript = (image: PackageImage, name: string): ImageEntry | undefined =>
  image.entries.find((entry) => SCRIPT.exec(entry.path)?.[1] === name && entry.kind !== 'directory');

interface Unit {
  readonly entry: ImageEntry;
  /** The name under which it is switched on: `getty@tty1.service` of the template `getty@.service`. */
  readonly instance: string;
}

/** `sshd` stands for `sshd.service`. */
function findUnit(image: PackageImage, name: string): Unit | undefined {
  const instance = /\.[a-z]+$/.test(name) ? name : `${name}.service`;
  const template = instance.replace(/@[^@]+\.([a-z]+)$/, '@.$1');
  for (const wanted of [instance, template]) {
    const entry = image.entries.find(({ path, kind }) => kind !== 'directory' && UNIT.exec(path)?.[1] === wanted);
    if (entry !== undefined) return { entry, instance };
  }
  return undefined;
}

/** What `systemctl enable` would make: see `[Install]` in systemd.unit(5). */
function unitLinks(
  image: PackageImage,
  entry: ImageEntry,
  instance: string,
  links: Map<string, string>,
  seen: Set<string>,
): void {
  if (seen.has(instance)) return;
  seen.add(instance);
  const install = installSection(image, entry);
  const values = (key: string): string[] => (install.get(key) ?? []).filter((value) => /^[A-Za-z0-9:_.@\\-]+$/.test(value));
  const name = instance.includes('@.') ? instance.replace('@.', `@${values('DefaultInstance')[0] ?? ''}.`) : instance;
  const target = `/${entry.path}`;
  const isTemplateOnly = name.includes('@.');
  if (!isTemplateOnly) {
    for (const by of values('WantedBy')) links.set(`etc/systemd/system/${by}.wants/${name}`, target);
    for (const by of values('RequiredBy')) links.set(`etc/systemd/system/${by}.requires/${name}`, target);
  }
  for (const alias of values('Alias')) if (alias !== basename(entry.path)) links.set(`etc/systemd/system/${alias}`, target);
  for (const also of values('Also')) {
    const other = findUnit(image, also);
    if (other !== undefined) unitLinks(image, other.entry, other.instance, links, seen);
  }
}

/** Key → values; an empty assignment takes back what was said before. */
function installSection(image: PackageImage, entry: ImageEntry): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  if (entry.kind === 'symlink') return found;
  const file = image.contentPath(entry);
  const text = sys('read', file, () => readFileSync(file, 'utf8')).replace(/\\\n/g, ' ');
  let section = '';
  for (const line of text.split('\n')) {
    const heading = /^\s*\[([^\]]+)\]\s*$/.exec(line);
    if (heading !== null) section = heading[1]!;
    const match = section === 'Install' ? /^\s*([A-Za-z]+)\s*=(.*)$/s.exec(line) : null;
    if (match === null) continue;
    const words = match[2]!.split(/\s+/).filter((word) => word !== '');
    const known = words.length === 0 ? undefined : found.get(match[1]!);
    if (known === undefined) found.set(match[1]!, words);
    else for (const word of words) known.push(word);
  }
  return found;
}
