/** The same packages for every package manager: deterministic bytes, one tree a package, packed by the common tools. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { has } from '../measure.ts';

export interface Packages {
  /** Holds `igos/*.igos.tar.gz`, `pacman/*.pkg.tar.gz` and `deb/*.deb`, as far as their tools are here. */
  readonly folder: string;
  readonly names: readonly string[];
}

export interface PackageShape {
  readonly nPackages: number;
  readonly nFiles: number;
  readonly fileBytes: number;
}

/** Made once: a folder that is complete is used again. */
export function makePackages(folder: string, { nPackages, nFiles, fileBytes }: PackageShape): Packages {
  const names = Array.from({ length: nPackages }, (_, n) => `syn${String(n).padStart(4, '0')}`);
  if (existsSync(folder)) return { folder, names };
  const making = `${folder}.part`;
  rmSync(making, { recursive: true, force: true });
  for (const kind of ['igos', 'pacman', 'deb']) mkdirSync(join(making, kind), { recursive: true });
  for (const name of names) {
    const tree = join(making, 'tree');
    rmSync(tree, { recursive: true, force: true });
    for (let n = 0; n < nFiles; n++) writeMember(join(tree, pathOf(name, n)), bytesOf(`${name}/${n}`, fileBytes), n === 0);
    pack(making, tree, name, nFiles * fileBytes);
  }
  rmSync(join(making, 'tree'), { recursive: true });
  renameSync(making, folder);
  return { folder, names };
}

function pathOf(name: string, n: number): string {
  if (n === 0) return `usr/bin/${name}`;
  return n < 3 ? `etc/${name}/f${n}.conf` : `usr/share/${name}/d${n % 10}/f${n}.dat`;
}

/** Hexadecimal digits: they compress by half, as programs do. */
function bytesOf(seed: string, length: number): string {
  const blocks: string[] = [];
  for (let n = 0; n * 64 < length; n++) blocks.push(createHash('sha256').update(`${seed}/${n}`).digest('hex'));
  return blocks.join('').slice(0, length);
}

function writeMember(path: string, text: string, isProgram: boolean): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, isProgram ? 0o755 : 0o644);
}

const TAR = ['--format=ustar', '--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@1700000000'];

function pack(folder: string, tree: string, name: string, size: number): void {
  const tar = (file: string): unknown => execFileSync('tar', ['-C', tree, ...TAR, '-czf', file, '.PKGINFO', 'etc', 'usr']);
  const info = (lines: readonly string[]): void => writeFileSync(join(tree, '.PKGINFO'), `${lines.join('\n')}\n`);
  info([`pkgname=${name}`, 'pkgver=1.0', 'pkgrel=1', 'pkgdesc=synthetic', 'license=MIT', 'tier=extra', `size=${size}`]);
  tar(join(folder, 'igos', `${name}-1.0.igos.tar.gz`));
  const about = ['pkgver = 1.0-1', 'pkgdesc = synthetic', 'builddate = 1700000000', 'packager = nobody', 'arch = any'];
  info([`pkgname = ${name}`, ...about, `size = ${size}`]);
  tar(join(folder, 'pacman', `${name}-1.0-1-any.pkg.tar.gz`));
  rmSync(join(tree, '.PKGINFO'));
  if (!has('dpkg-deb')) return;
  const control = `Package: ${name}\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: synthetic\n`;
  mkdirSync(join(tree, 'DEBIAN'));
  writeFileSync(join(tree, 'DEBIAN/control'), control);
  writeFileSync(join(tree, 'DEBIAN/conffiles'), `/etc/${name}/f1.conf\n/etc/${name}/f2.conf\n`);
  execFileSync('dpkg-deb', ['-Zgzip', '--root-owner-group', '-b', tree, join(folder, 'deb', `${name}.deb`)]);
}
