/** Whether this machine can make sandboxes, and if not, what stands in the way. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type Fault, sys } from '../base/index.ts';
import { buildFault } from './build-fault.ts';
import { hostPath, hostProgram } from './host-programs.ts';
import { removeScratch } from './remove.ts';
import { isPrivileged, namespaceFlags } from './sandbox.ts';

export interface SandboxFacts {
  readonly isPrivileged: boolean;
  /** Programs that are needed and not there. */
  readonly missingPrograms: readonly string[];
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

/** Tries it, for about 30 ms. `folder`: where overlays are to be tried (a store's home); default: the temporary folder. */
export function probeSandbox(folder: string = tmpdir()): SandboxProbe {
  const facts = gatherFacts(folder);
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

const PROGRAMS = ['unshare', 'setpriv', 'mount', 'env'];

function gatherFacts(folder: string): SandboxFacts {
  const programs = [...PROGRAMS, ...(isPrivileged() ? [] : ['hostname'])];
  const missingPrograms = programs.filter((name) => hostProgram(name) === undefined);
  const run = (script: string): string | undefined => {
    const command = [...namespaceFlags(false), '/bin/sh', '-ec', script];
    const result = spawnSync(hostProgram('unshare') ?? 'unshare', command, {
      env: { PATH: hostPath, LC_ALL: 'C', LIBMOUNT_FORCE_MOUNT2: 'always' },
      encoding: 'utf8',
    });
    if (result.status === 0) return undefined;
    return result.stderr?.trim() || result.error?.message || `exit status ${result.status}`;
  };
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
    const inside = `cd '${scratch.replaceAll("'", "'\\''")}'; mkdir -p a b up work root proc`;
    const namespaceError = missingPrograms.length > 0 ? undefined : run('unshare --user --map-user=1000 --map-group=100 true');
    const isTried = missingPrograms.length === 0 && namespaceError === undefined;
    const mountError = isTried ? run(`${inside}; mount -t proc proc proc; mount --bind a b`) : undefined;
    const flag = isPrivileged() ? '' : ',userxattr';
    const overlay = `${inside}; mount -t overlay overlay -o lowerdir=a:b,upperdir=up,workdir=work${flag} root`;
    const overlayError = isTried && mountError === undefined ? run(overlay) : undefined;
    return { isPrivileged: isPrivileged(), missingPrograms, namespaceError, mountError, overlayError, settings };
  } finally {
    removeScratch(scratch);
  }
}

/** The Fault for what was found out, `undefined` where sandboxes work. Pure. */
export function explainSandbox(facts: SandboxFacts): Fault | undefined {
  const { missingPrograms, namespaceError, mountError, settings } = facts;
  if (missingPrograms.length > 0) {
    const list = missingPrograms.map((name) => `'${name}'`).join(', ');
    const packages = [
      ...(missingPrograms.some((name) => ['unshare', 'setpriv', 'mount'].includes(name)) ? ['util-linux'] : []),
      ...(missingPrograms.includes('env') ? ['coreutils'] : []),
      ...(missingPrograms.includes('hostname') ? ['hostname'] : []),
    ];
    return noSandbox(`builds need a sandbox, and this machine lacks ${list}`, [], [`install ${packages.join(' and ')}`]);
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
