/** A real nixpkgs beside nix-instantiate: what a person asks of it first, all its packages, and a system of NixOS. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from './installed.ts';
import { has, measure, peakMemory, report } from './measure.ts';

/** `nixpkgs` is the tree. Functions of its own that fail cannot be caught where an attribute is missing: such names are no part of it. */
const questions: Readonly<Record<string, string>> = {
  hello: '(import nixpkgs { system = "x86_64-linux"; }).hello.drvPath',
  firefox: '(import nixpkgs { system = "x86_64-linux"; }).firefox.drvPath',
  'all packages': `let
    packages = import nixpkgs { system = "x86_64-linux"; config.allowUnfree = true; };
    pathOf = value: if builtins.isAttrs value && value.type or "" == "derivation" then builtins.unsafeDiscardStringContext value.drvPath else null;
  in map (name: builtins.tryEval (pathOf packages.\${name})) (builtins.attrNames packages)`,
  'a system': `(import (nixpkgs + "/nixos") {
    system = "x86_64-linux";
    configuration = {
      fileSystems."/".device = "/dev/sda1";
      boot.loader.grub.device = "/dev/sda";
      services.openssh.enable = true;
      services.nginx.enable = true;
    };
  }).system.drvPath`,
};

export async function nixpkgsTable(
  { bin }: Project,
  tree: string,
  scratch: string,
  rounds: number,
  print: (text: string) => void,
): Promise<void> {
  if (!has('nix-instantiate')) {
    print('SKIPPED: nixpkgs is compared with nix-instantiate, which is not installed');
    return;
  }
  for (const [name, expression] of Object.entries(questions)) {
    const file = join(scratch, `${name.replaceAll(' ', '-')}.nix`);
    writeFileSync(file, `let nixpkgs = ${tree}; in ${expression}\n`);
    const theirs = ['nix-instantiate', '--eval', '--strict', file];
    const environment = { NIX_REMOTE: 'dummy://', IGOS_STORE_DIR: '/nix/store', IGOS_HOME: join(scratch, 'home') };
    const answer = spawnSync(theirs[0]!, theirs.slice(1), {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
      maxBuffer: 1 << 28,
    });
    if (answer.status !== 0) {
      print(`${name}: SKIPPED: Nix itself fails: ${answer.stderr.split('\n').find((line) => line.startsWith('error')) ?? ''}`);
      continue;
    }
    const ours = [join(bin, 'igos'), 'eval', '--strict', '--impure', '--no-eval-cache', file];
    const cases = [
      { name: 'nix-instantiate', command: theirs, environment, expected: answer.stdout },
      { name: 'igos eval', command: ours, environment, expected: answer.stdout },
    ];
    const results = measure(cases, rounds);
    const [nixMiB, igosMiB] = [await peakMemory(cases[0]!), await peakMemory(cases[1]!)];
    const memory = nixMiB === undefined || igosMiB === undefined ? '' : `, ${igosMiB.toFixed(0)} and ${nixMiB.toFixed(0)} MiB`;
    print(report(`${name} of ${tree}${memory}`, results));
  }
}
