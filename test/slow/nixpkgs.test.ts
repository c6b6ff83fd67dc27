/**
 * A real nixpkgs, evaluated by igos and by the installed Nix: the derivations of its packages and of a NixOS have the same paths, and so
 * the same bytes. `IGOS_NIXPKGS` names one that this Nix can evaluate; `IGOS_NIXPKGS_NAMES` says how many of its names are compared.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';

const given = process.env['IGOS_NIXPKGS'];
const nixpkgs = resolve(given ?? '.');
const skip =
  given === undefined
    ? 'not part of igos: IGOS_NIXPKGS does not name a nixpkgs'
    : !existsSync(join(nixpkgs, 'pkgs', 'top-level', 'all-packages.nix'))
      ? `${given} holds no pkgs/top-level/all-packages.nix`
      : spawnSync('nix-instantiate', ['--version']).status !== 0
        ? 'nix-instantiate is not installed'
        : false;

/** Packages whose derivations hold `builtins.nixVersion`. */
const OF_A_VERSION = /^irods/;

const MAX_NAMES = Number(process.env['IGOS_NIXPKGS_NAMES'] ?? 400);
const CHUNK = 50;
const igos = join(import.meta.dirname, '..', '..', 'bin', 'igos');

interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What both say to an expression that sees `nixpkgs`. */
function ask(home: string, expression: string): [nix: Answer, igos: Answer] {
  const env = { ...process.env, HOME: home, NIX_REMOTE: 'dummy://', NIX_PATH: '', IGOS_HOME: home, IGOS_STORE_DIR: '/nix/store' };
  const options = { env, encoding: 'utf8', maxBuffer: 1 << 28 } as const;
  const text = `let nixpkgs = ${nixpkgs}; in ${expression}`;
  return [
    spawnSync('nix-instantiate', ['--eval', '--strict', '--json', '-E', text], options),
    spawnSync(igos, ['eval', '--impure', '--no-eval-cache', '--strict', '--json', '-E', text], options),
  ];
}

const PACKAGES = 'import nixpkgs { system = "x86_64-linux"; config = { allowUnfree = true; allowBroken = true; }; }';

const pathsOf = (names: readonly string[]): string => `let
  packages = ${PACKAGES};
  pathOf = value:
    if builtins.isAttrs value && value.type or "" == "derivation"
    then [ (builtins.unsafeDiscardStringContext value.drvPath) (value.meta.description or null) ]
    else builtins.typeOf value;
in map (name: builtins.tryEval (pathOf packages.\${name})) (builtins.fromJSON ${nixText(JSON.stringify(names))})`;

const nixText = (text: string): string => `"${text.replaceAll(/["\\]|\$\{/g, (found) => `\\${found}`)}"`;

function scratch(t: { after: (run: () => void) => void }): string {
  const home = mkdtempSync(join(tmpdir(), 'igos-nixpkgs-'));
  t.after(() => removeTree(home));
  return home;
}

test('packages of nixpkgs have the derivations that Nix makes', { skip }, (t) => {
  const home = scratch(t);
  const [listed] = ask(home, `builtins.attrNames (${PACKAGES})`);
  assert.equal(listed.status, 0, listed.stderr);
  const all = JSON.parse(listed.stdout) as string[];
  const step = Math.max(1, Math.ceil(all.length / MAX_NAMES));
  const names = all.filter((name, index) => index % step === 0 && !OF_A_VERSION.test(name));
  let nSame = 0;
  const failing: string[] = [];
  // What fails beyond what `tryEval` catches has to fail in both: halves are asked until it stands alone.
  const compare = (some: readonly string[]): void => {
    const [nix, ours] = ask(home, pathsOf(some));
    if (nix.status === 0 && ours.status === 0) {
      assert.deepEqual(JSON.parse(ours.stdout), JSON.parse(nix.stdout));
      nSame += some.length;
    } else if (some.length > 1) {
      compare(some.slice(0, some.length >> 1));
      compare(some.slice(some.length >> 1));
    } else {
      assert.ok(nix.status !== 0 && ours.status !== 0, `${some[0]}: ${nix.status === 0 ? ours.stderr : nix.stderr}`);
      failing.push(some[0]!);
    }
  };
  for (let i = 0; i < names.length; i += CHUNK) compare(names.slice(i, i + CHUNK));
  t.diagnostic(`${nSame} of ${names.length} the same (of ${all.length}); both refuse ${failing.join(', ') || 'none'}`);
  assert.ok(nSame > names.length / 2);
});

test('a NixOS of nixpkgs has the derivation that Nix makes', { skip }, (t) => {
  const [nix, ours] = ask(
    scratch(t),
    `let
      system = import (nixpkgs + "/nixos") {
        system = "x86_64-linux";
        configuration = { pkgs, ... }: {
          fileSystems."/".device = "/dev/sda1";
          boot.loader.grub.device = "/dev/sda";
          services.openssh.enable = true;
          services.nginx.enable = true;
          networking.firewall.allowedTCPPorts = [ 80 ];
          environment.systemPackages = [ pkgs.git ];
        };
      };
    in [ (builtins.unsafeDiscardStringContext system.system.drvPath) (builtins.attrNames system.config.systemd.units) ]`,
  );
  assert.equal(nix.status, 0, nix.stderr);
  assert.equal(ours.status, 0, ours.stderr);
  assert.deepEqual(JSON.parse(ours.stdout), JSON.parse(nix.stdout));
});
