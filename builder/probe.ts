/** Whether this machine can make sandboxes, and if not, what stands in the way. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type Fault, sys } from '../base/index.ts';
import { buildFault, noLauncher } from './build-fault.ts';
import { ownMachine, type Refusal, START, tryCalls } from './launch/launch.ts';
import type { MachineName } from './launch/machine-code.ts';
import { launcherProgram } from './launch/program.ts';
import { sandboxCalls } from './launch/steps.ts';
import type { Mount } from './mounts.ts';
import { removeScratch } from './remove.ts';
import { isPrivileged, starter } from './starter.ts';

export interface SandboxFacts {
  /** Why no program could be started in the folder, where that is so. */
  readonly launchError?: string | undefined;
  /** What the system said when namespaces were asked for; `undefined` if it made them. */
  readonly namespaceError: string | undefined;
  /** The same for mounting inside of them. */
  readonly mountError: string | undefined;
  /** The same for laying folders over each other: layers are copied without it. */
  readonly overlayError: string | undefined;
  /** Settings that decide it, as far as they exist: name under /proc/sys with dots → value. */
  readonly settings: ReadonlyMap<string, string>;
}

export interface SandboxProbe {
  readonly isAvailable: boolean;
  readonly hasOverlay: boolean;
  /** Why not, and what to do. */
  readonly fault: Fault | undefined;
}

/** Tries it, for about 10 ms. `folder`: where overlays are to be tried (a store's home); default: the temporary folder. */
export function probeSandbox(folder: string = tmpdir()): SandboxProbe {
  const machine = ownMachine();
  if (machine === undefined) return { isAvailable: false, hasOverlay: false, fault: noLauncher() };
  const facts = gatherFacts(machine, folder);
  const fault = explainSandbox(facts);
  return { isAvailable: fault === undefined, hasOverlay: facts.overlayError === undefined, fault };
}

const SETTINGS = [
  'kernel.unprivileged_userns_clone',
  'kernel.apparmor_restrict_unprivileged_userns',
  'user.max_user_namespaces',
  'user.max_mnt_namespaces',
  'user.max_pid_namespaces',
  'user.max_net_namespaces',
];

function gatherFacts(machine: MachineName, folder: string): SandboxFacts {
  const settings = new Map<string, string>();
  for (const name of SETTINGS) {
    try {
      settings.set(name, readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim());
    } catch {
      // not every kernel has every setting
    }
  }
  const scratch = sys('create a folder in', folder, () => mkdtempSync(`${folder}/igos-probe-`));
  try {
    for (const name of ['a', 'b', 'c', 'up', 'work', 'root', 'proc']) mkdirSync(`${scratch}/${name}`);
    const launcher = `${scratch}/launcher`;
    writeFileSync(launcher, launcherProgram(machine), { mode: 0o500 });
    const attempt = (mounts: readonly Mount[]): Refusal | undefined => {
      const list = sandboxCalls({ machine, starter: starter(), hasNetwork: false, cgroups: [], mounts, inside: undefined });
      return tryCalls(list, { launcher, table: `${scratch}/calls`, folder: scratch });
    };
    const inFolder = (name: string): string => `${scratch}/${name}`;
    const flag = isPrivileged() ? '' : ',userxattr';
    const options = `lowerdir=a:b,upperdir=up,workdir=work${flag}`;
    const simple: readonly Mount[] = [
      { kind: 'proc', source: 'proc', target: inFolder('proc') },
      { kind: 'bind', source: inFolder('a'), target: inFolder('c') },
    ];
    const overlay: Mount = { kind: 'overlay', source: 'overlay', target: inFolder('root'), options };
    const withOverlay = attempt([...simple, overlay]);
    // What comes after it is tried by going on without.
    const isOverlayRefused = withOverlay?.purpose === `mount ${overlay.target}`;
    const failed = isOverlayRefused ? attempt(simple) : withOverlay;
    const text = (refusal: Refusal | undefined): string | undefined =>
      refusal === undefined ? undefined : `cannot ${refusal.purpose.replace(`${scratch}/`, '/')}: ${refusal.message}`;
    const isLaunch = failed?.purpose === START;
    const isMount = failed?.purpose.startsWith('mount ') === true;
    return {
      launchError: isLaunch ? `in '${folder}': ${failed.message}` : undefined,
      namespaceError: isMount || isLaunch ? undefined : text(failed),
      mountError: isMount ? text(failed) : undefined,
      overlayError: isOverlayRefused ? text(withOverlay) : undefined,
      settings,
    };
  } finally {
    removeScratch(scratch);
  }
}

/** The Fault for what was found out, `undefined` where sandboxes work. Pure. */
export function explainSandbox(facts: SandboxFacts): Fault | undefined {
  const { launchError, namespaceError, mountError, settings } = facts;
  if (launchError !== undefined) {
    return noSandbox(
      'builds need a sandbox, and no program can be started where it is set up',
      [launchError],
      ['its file system may be mounted noexec: mount it with exec, or have the store elsewhere (--home, IGOS_HOME)'],
    );
  }
  if (namespaceError !== undefined) {
    const hints = settingHints(settings);
    return noSandbox(
      'builds need a sandbox, and the kernel refuses namespaces here',
      [namespaceError],
      [
        ...hints,
        ...(hints.length === 0
          ? [
              'in a container: start it with namespaces allowed (an own seccomp profile, or --privileged)',
              'otherwise run igos as root',
            ]
          : []),
      ],
    );
  }
  if (mountError !== undefined) {
    return noSandbox(
      'builds need a sandbox, and mounting is refused inside of its namespaces',
      [mountError],
      [
        ...settingHints(settings),
        'in a container: let it see an unmasked /proc (docker: --security-opt systempaths=unconfined, or --privileged)',
      ],
    );
  }
  return undefined;
}

function settingHints(settings: ReadonlyMap<string, string>): string[] {
  const hints: string[] = [];
  if (settings.get('kernel.unprivileged_userns_clone') === '0') hints.push('as root: sysctl kernel.unprivileged_userns_clone=1');
  if (settings.get('kernel.apparmor_restrict_unprivileged_userns') === '1')
    hints.push('as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0');
  for (const [name, value] of settings)
    if (name.startsWith('user.max_') && value === '0') hints.push(`as root: sysctl ${name}=10000`);
  return hints;
}

const noSandbox = (message: string, notes: readonly string[], hints: readonly string[]): Fault =>
  buildFault('E-BUILD-003', message, { notes, hints });
