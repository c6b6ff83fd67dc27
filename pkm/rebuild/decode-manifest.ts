/** A text manifest as data: the other way round of `manifest-text.ts`. What a person edited may say anything. */
import { badPath, checkPackageName, checkVersion } from '../names.ts';
import type { PackageRecord, Trigger } from '../types.ts';

export interface ManifestLine {
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly path: string;
  /** Files; '' otherwise. */
  readonly sha256: string;
  /** Symlinks; '' otherwise. */
  readonly target: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly capability?: string;
  readonly wasThere: boolean;
}

export interface Manifest {
  readonly record: PackageRecord;
  /** Made by an igos that wrote neither modes and owners nor what a package needs and why it is there. */
  readonly isOlder: boolean;
  /** Several for a line that can be read in several ways: a path may hold ' -> '. */
  readonly lines: readonly (readonly ManifestLine[])[];
}

/** @throws Error saying what is wrong with it · Fault E-PKM-001 */
export function decodeManifest(text: string): Manifest {
  const all = text.split('\n');
  const start = all.indexOf('FILE LIST:');
  const about = all.indexOf('DESCRIPTION:');
  if (about < 0 || about > start || all.at(-1) !== '') throw new Error('it is no whole manifest');
  const fields = new Map<string, string[]>();
  for (const line of all.slice(0, about)) {
    const match = /^([A-Z_ ]+): (.*)$/.exec(line);
    if (match === null) throw new Error(`'${line.slice(0, 60)}' is no line of a manifest`);
    fields.set(match[1]!, [...(fields.get(match[1]!) ?? []), match[2]!]);
  }
  const one = (key: string): string => fields.get(key)?.[0] ?? '';
  const version = one('PACKAGE VERSION');
  const end = `-${version}`;
  if (!one('PACKAGE NAME').endsWith(end)) throw new Error('its name does not end in its version');
  const name = checkPackageName(one('PACKAGE NAME').slice(0, -end.length));
  const reason = one('REASON');
  const triggers = (fields.get('TRIGGER') ?? []).map((json) => JSON.parse(json) as Trigger);
  const names = (key: string): string[] => (one(key) === '' ? [] : one(key).split(', ').map(checkPackageName));
  const supersededBy = names('SUPERSEDED_BY');
  const summary = all[about + 1] ?? '';
  const record: PackageRecord = {
    name,
    version: checkVersion(name, version),
    release: Number(/^\d+$/.exec(one('PACKAGE RELEASE'))?.[0] ?? 1),
    tier: one('TIER'),
    summary: summary.startsWith(`${name}: `) ? summary.slice(name.length + 2) : '',
    license: one('LICENSE'),
    homepage: one('HOMEPAGE'),
    runtime: fields.get('RUNTIME') ?? [],
    provides: fields.get('PROVIDES') ?? [],
    conflicts: fields.get('CONFLICTS') ?? [],
    supersedes: names('SUPERSEDES'),
    config: fields.get('CONFIG') ?? [],
    ...(triggers.length === 0 ? {} : { triggers }),
    origin: originOf(one('ORIGIN'), `${name}-${version}`),
    // Nothing that may be wanted is ever taken for something that may go.
    reason: reason === 'dependency' ? 'dependency' : 'explicit',
    installedAt: secondsOf(one('INSTALL DATE')),
    supersededBy,
    supersededAt: supersededBy.length === 0 ? 0 : secondsOf(one('SUPERSEDED_AT')) || secondsOf(one('INSTALL DATE')) || 1,
    fromGeneration: 1,
  };
  return { record, isOlder: reason === '', lines: all.slice(start + 1, -1).map(decodeLine) };
}

function originOf(text: string, name: string): PackageRecord['origin'] {
  const archive = /^archive sha256:([0-9a-f]{64})?$/.exec(text);
  if (archive !== null) return { kind: 'archive', file: `${name}.igos.tar.gz`, sha256: archive[1] ?? '' };
  if (/^\/[^\s]+$/.test(text)) return { kind: 'store', storePath: text };
  throw new Error('it does not say what the package came from');
}

/** 0 for what is no time. */
function secondsOf(text: string): number {
  const time = Date.parse(text);
  return Number.isNaN(time) ? 0 : Math.floor(time / 1000);
}

const UNUSUAL = '( mode:[0-7]{4})?( owner:\\d{1,10}:\\d{1,10})?( capability:(?:[0-9a-f]{2})+)?( there-before)?$';
const DIRECTORY = new RegExp(`^(.+)/${UNUSUAL}`);
const FILE = new RegExp(`^(.+) sha256:([0-9a-f]{64})${UNUSUAL}`);

function decodeLine(line: string): ManifestLine[] {
  const found: ManifestLine[] = [];
  const file = FILE.exec(line);
  const folder = DIRECTORY.exec(line);
  if (file !== null) found.push(unusual('file', file[1]!, file[2]!, file.slice(3)));
  for (let at = line.indexOf(' -> '); at > 0; at = line.indexOf(' -> ', at + 1)) {
    const link = { kind: 'symlink', path: line.slice(0, at), sha256: '', target: line.slice(at + 4) } as const;
    if (link.target !== '') found.push({ ...link, mode: 0o777, uid: 0, gid: 0, wasThere: false });
  }
  if (folder !== null) found.push(unusual('directory', folder[1]!, '', folder.slice(2)));
  const whole = found.filter(({ path }) => badPath(path) === undefined);
  if (whole.length === 0) throw new Error(`'${line.slice(0, 60)}' is no path of a package`);
  return whole;
}

function unusual(
  kind: 'file' | 'directory',
  path: string,
  sha256: string,
  [mode, owner, capability, before]: readonly (string | undefined)[],
): ManifestLine {
  const [, uid = '0', gid = '0'] = owner?.split(':') ?? [];
  return {
    kind,
    path,
    sha256,
    target: '',
    mode: mode === undefined ? (kind === 'file' ? 0o644 : 0o755) : Number.parseInt(mode.slice(' mode:'.length), 8),
    uid: Number(uid),
    gid: Number(gid),
    ...(capability === undefined ? {} : { capability: capability.slice(' capability:'.length) }),
    wasThere: before !== undefined,
  };
}
