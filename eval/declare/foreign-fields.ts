/** What the fields of Nix, Guix and pacman are here. Several of them are near to the wrong field by their letters, or to none. */
import { didYouMean } from '../../base/index.ts';
import { type DeclarationKind, FIELDS } from './fields.ts';

const PACKAGE: Readonly<Record<string, string>> = {
  BuildRequires: 'build = [ … ];',
  Requires: 'runtime = [ … ];',
  backup: 'config = [ … ];',
  buildInputs: 'host = [ … ]; for libraries, build = [ … ]; for tools',
  buildsystem: 'style = …;',
  checkInputs: 'build = [ … ];',
  checkdepends: 'build = [ … ];',
  cmakeFlags: 'style = cmake { flags = [ … ]; };',
  configureFlags: 'style = autotools { flags = [ … ]; };',
  dependencies: 'runtime = [ … ];',
  depends: 'runtime = [ … ];',
  desc: 'summary = "…";',
  description: 'summary = "…";',
  doCheck: 'check = true;',
  dontStrip: 'strip = false;',
  hash: 'source = fetchurl { url = "…"; hash = "…"; };',
  'home-page': 'homepage = "…";',
  inputs: 'host = [ … ];',
  install_requires: 'runtime = [ … ];',
  licence: 'license = "…";',
  licenses: 'license = "…";',
  makeFlags: 'style = make { flags = [ … ]; }; or style = autotools { makeFlags = [ … ]; };',
  makedepends: 'build = [ … ];',
  mesonFlags: 'style = meson { flags = [ … ]; };',
  'native-inputs': 'build = [ … ];',
  nativeBuildInputs: 'build = [ … ];',
  outputs: 'split NAME { files = [ … ]; }',
  passthru: 'meta = { … };',
  pkgdesc: 'summary = "…";',
  pkgrel: 'release = …;',
  'propagated-inputs': 'runtime = [ … ];',
  propagatedBuildInputs: 'runtime = [ … ];',
  replaces: 'supersedes = [ … ];',
  requires: 'runtime = [ … ];',
  sha256: 'source = fetchurl { url = "…"; sha256 = "…"; };',
  sha256sums: 'source = fetchurl { url = "…"; sha256 = "…"; };',
  src: 'source = …;',
  srcs: 'source = [ … ];',
  synopsis: 'summary = "…";',
  url: 'homepage = "…"; or source = fetchurl { url = "…"; sha256 = "…"; };',
};

const SYSTEM: Readonly<Record<string, string>> = {
  environment: 'etc = { … }; or packages = [ … ];',
  systemPackages: 'packages = [ … ];',
};

/** Hints for a field that a declaration of this kind does not have. `isListed`: all that there are were listed before. */
export function fieldHints(
  kind: DeclarationKind,
  field: string,
  more: readonly string[] = [],
  isListed = false,
): readonly string[] {
  const here = writtenHere(kind, field);
  if (here !== undefined) return [`here that is: ${here}`];
  const names = [...more, ...FIELDS[kind].map((spec) => spec.name)];
  const near = didYouMean(field, names);
  if (near.length > 0) return near;
  return [isListed ? `'igos help ${kind}' has the fields of a ${kind}` : `the fields of a ${kind} are: ${names.join(', ')}`];
}

/** How what `field` means elsewhere is written in a declaration of this kind. */
function writtenHere(kind: DeclarationKind, field: string): string | undefined {
  if (kind === 'system') return SYSTEM[field];
  if (kind !== 'package' && kind !== 'split') return undefined;
  if (/^(name|pname|pkgname|pkgver)$/.test(field)) return 'package NAME "VERSION" { … }';
  const phase = /^(unpack|patch|configure|build|check|install|fixup)Phase$/.exec(field)?.[1] ?? PHASE_HOOK.exec(field)?.[0];
  if (phase !== undefined) return `phases.${phase} = "…";`;
  return Object.hasOwn(PACKAGE, field) ? PACKAGE[field] : undefined;
}

const PHASE_HOOK = /^(pre|post)(Unpack|Patch|Configure|Build|Check|Install|Fixup)$/;
