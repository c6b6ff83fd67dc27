/**
 * The root folder of a sandbox, made before anything is mounted: folders and files to mount upon, links, `/etc`.
 *
 * @source docs/builder.md §2
 */
import {
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { BadCertificates, bytesToPath, machineCertificates, sys, textToBytes } from '../base/index.ts';
import type { ObjectStore, TreeEntry } from '../store/index.ts';
import { buildFault } from './build-fault.ts';
import { buildFolder } from './environment.ts';
import { type Layer, rootLinks } from './layers.ts';
import type { Mount } from './mounts.ts';

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

const DEVICE_LINKS: readonly (readonly [name: string, target: string])[] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
  ['ptmx', 'pts/ptmx'],
];

const ETC: readonly (readonly [name: string, text: string])[] = [
  [
    'passwd',
    `root:x:0:0::${buildFolder}:/noshell\nbuilder:x:1000:100::${buildFolder}:/noshell\nnobody:x:65534:65534::/:/noshell\n`,
  ],
  ['group', 'root:x:0:\nusers:x:100:\nnogroup:x:65534:\n'],
  ['hosts', '127.0.0.1 localhost build\n::1 localhost build\n'],
];

/** Files of the machine that a build with network needs to find hosts. */
const NETWORK_FILES = ['/etc/resolv.conf', '/etc/nsswitch.conf', '/etc/services'];
/** Where it looks for whom to trust, wherever the machine has that. */
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** What is mounted on the skeleton of every root. */
export const systemMounts = (root: string): Mount[] => [
  ...DEVICES.map((name): Mount => ({ kind: 'bind', source: `/dev/${name}`, target: `${root}/dev/${name}` })),
  { kind: 'devpts', source: 'devpts', target: `${root}/dev/pts` },
  { kind: 'tmpfs', source: 'tmpfs', target: `${root}/dev/shm` },
  { kind: 'tmpfs', source: 'tmpfs', target: `${root}/tmp` },
  { kind: 'proc', source: 'proc', target: `${root}/proc` },
];

/** Makes the skeleton of a root in the empty folder `folder`. */
export function makeSkeleton(folder: string, options: { storeDir: string; hasNetwork: boolean }): void {
  sys('prepare the root', folder, () => {
    for (const path of ['dev/pts', 'dev/shm', 'proc', 'tmp', 'etc', buildFolder.slice(1), options.storeDir.slice(1)])
      mkdirSync(`${folder}/${path}`, { recursive: true });
    for (const [name, target] of rootLinks) symlinkSync(target, `${folder}/${name}`);
    for (const name of DEVICES) writeFileSync(`${folder}/dev/${name}`, '');
    for (const [name, target] of DEVICE_LINKS) symlinkSync(target, `${folder}/dev/${name}`);
    for (const [name, text] of ETC) writeFileSync(`${folder}/etc/${name}`, text);
    if (options.hasNetwork) copyNetworkFiles(folder);
  });
}

/** @throws Fault E-BUILD-004 */
function trusted(): ReturnType<typeof machineCertificates> {
  try {
    return machineCertificates();
  } catch (error) {
    if (!(error instanceof BadCertificates)) throw error;
    throw buildFault('E-BUILD-004', 'the sandbox of a build with network could not be set up', { notes: [error.message] });
  }
}

function copyNetworkFiles(folder: string): void {
  const put = (path: string, data: string | Buffer): void => {
    mkdirSync(`${folder}${dirname(path)}`, { recursive: true });
    writeFileSync(`${folder}${path}`, data);
  };
  for (const path of NETWORK_FILES) {
    let data: Buffer;
    try {
      data = readFileSync(path);
    } catch {
      continue; // a machine without it: name resolution has defaults
    }
    put(path, data);
  }
  const certificates = trusted();
  if (certificates !== undefined) put(CERTIFICATES, `${certificates.texts.join('\n')}\n`);
}

/** Copies files of the host to their places in `folder`: once for all builds of a run, which is cheaper than binding each. */
export function copyHostFiles(folder: string, entries: readonly TreeEntry[]): void {
  const top = textToBytes(folder);
  for (const entry of entries) {
    const target = `${top}/${entry.path}`;
    const at = bytesToPath(target);
    sys('copy a file of the host to', folder, () => {
      mkdirSync(entry.kind === 'directory' ? at : bytesToPath(target.slice(0, target.lastIndexOf('/'))), { recursive: true });
      if (entry.kind === 'symlink') symlinkSync(bytesToPath(entry.target), at);
      else if (entry.kind === 'file') copyFileSync(bytesToPath(entry.realPath), at, constants.COPYFILE_FICLONE);
    });
  }
}

/**
 * Lets everybody read below `folder` what its owner may: builds of root run as somebody else, and root may have a umask that closes
 * what it makes.
 */
export function openToAll(folder: string | Buffer): void {
  const top = Buffer.from(folder);
  sys('prepare the root', top.toString(), () => {
    chmodSync(top, 0o755);
    for (const entry of readdirSync(top, { withFileTypes: true, encoding: 'buffer' })) {
      const path = Buffer.concat([top, Buffer.from('/'), entry.name]);
      if (entry.isDirectory()) openToAll(path);
      else if (entry.isFile()) {
        const mode = lstatSync(path).mode & 0o7777;
        chmodSync(path, mode | ((mode & 0o500) >> 3) | ((mode & 0o500) >> 6));
      }
    }
  });
}

/** Makes the place of a store object in `folder`. A link cannot be mounted upon: it is made again. @returns what to mount */
export function placeObject(realPath: string, folder: string, name: string): Mount[] {
  const target = `${folder}/${name}`;
  const stat = sys('read', realPath, () => lstatSync(realPath));
  if (stat.isSymbolicLink()) {
    symlinkSync(readlinkSync(realPath), target);
    return [];
  }
  if (stat.isDirectory()) mkdirSync(target);
  else writeFileSync(target, '');
  return [{ kind: 'bind-ro', source: realPath, target }];
}

/**
 * Copies layers over each other into `folder`, the first on top: where the kernel lays nothing over anything. Shares blocks where the
 * file system can. Cost: the layers' size.
 */
export function copyLayers(store: ObjectStore, layers: readonly Layer[], folder: string): void {
  const top = textToBytes(folder);
  /** Path → whether it is a folder, into which lower layers go on. */
  const taken = new Map<string, boolean>();
  for (const layer of layers) {
    const from = textToBytes(store.toReal(layer.path));
    /** Folders of this layer in place of which a higher one has something else: nothing below them is seen. */
    const hidden: string[] = [];
    for (const entry of store.manifest(layer.path)) {
      if (hidden.some((above) => entry.path.startsWith(above))) continue;
      const isFolder = entry.kind === 'directory';
      const above = taken.get(entry.path);
      if (isFolder && above === false) hidden.push(`${entry.path}/`);
      if (above !== undefined || entry.path === '' || rootLinks.has(entry.path)) continue;
      taken.set(entry.path, isFolder);
      const target = bytesToPath(`${top}/${entry.path}`);
      sys('copy a layer to', folder, () => {
        if (entry.kind === 'directory') mkdirSync(target);
        else if (entry.kind === 'symlink') symlinkSync(bytesToPath(entry.target), target);
        else copyFileSync(bytesToPath(`${from}/${entry.path}`), target, constants.COPYFILE_FICLONE);
      });
    }
  }
}
