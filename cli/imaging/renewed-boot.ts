/** The kernel image of a system that a root is made to be: signed as the one that is there, which stays where it is the same but for that. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../base/index.ts';
import type { System, Tree } from '../../eval/index.ts';
import { PARTITION_TYPES, type PartitionMachine, programHash, readUki } from '../../image/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { rootOf } from '../root-reading.ts';
import type { Session } from '../session.ts';
import type { SystemImages } from '../system-images.ts';
import { withBootPackage } from './boot-package.ts';
import { firmwareName } from './kernel-image.ts';
import { imageSeconds, type KeyFiles, signerOf } from './signing.ts';

/** Of the machine whose root it is. */
const keysOf = (root: string): KeyFiles => ({
  key: join(root, 'etc/igos/boot.key'),
  certificate: join(root, 'etc/igos/boot.crt'),
});

/** @throws UsageError · Fault E-CLI-096 nobody signs, and what is there is signed · E-CLI-092 · E-IMG-… */
export async function withRenewedBoot(
  context: Context,
  args: Arguments,
  session: Session,
  tree: Tree,
  system: System,
  installed: SystemImages,
): Promise<SystemImages> {
  const esp = system.boot?.esp;
  if (esp === undefined) {
    const option = ['sign-key', 'sign-certificate', 'unsigned'].find((name) => args.has(name));
    if (option === undefined) return installed;
    throw new UsageError(`--${option} is for a system whose kernel image changes with its packages`, [
      `write esp = "/efi" in boot of system '${system.name}'`,
    ]);
  }
  const root = rootOf(args);
  const signer = args.has('unsigned') ? undefined : await signerOf(context, args, keysOf(root));
  const there = signedThere(root, esp);
  const seconds = imageSeconds(context);
  const wish = { context, args, session, tree, system, seconds, ...(signer === undefined ? {} : { signer }) };
  const folder = join(root, esp);
  if (isOfRoot(root, folder))
    context.out.talk(`note: '${folder}' is no file system of its own: firmware starts nothing from there`);
  if (signer !== undefined || there === undefined || args.has('unsigned')) return withBootPackage(wish, installed);
  return withBootPackage({ ...wish, instead: (made) => sameAs(there, made, system) }, installed);
}

/** What firmware would start, where somebody signed it. */
function signedThere(root: string, esp: string): string | undefined {
  const machines = Object.keys(PARTITION_TYPES) as PartitionMachine[];
  return machines.map((machine) => join(root, esp, firmwareName(machine))).find((file) => existsSync(file) && isSigned(file));
}

function isSigned(file: string): boolean {
  try {
    return readUki(file).signatureBytes > 0;
  } catch (error) {
    // No program: pkm says whether it is in the way.
    if (error instanceof Fault) return false;
    throw error;
  }
}

function isOfRoot(root: string, folder: string): boolean {
  const [above, there] = [root, folder].map((path) => statSync(path, { throwIfNoEntry: false })?.dev);
  return there === undefined || there === above;
}

/** @throws Fault E-CLI-096 */
function sameAs(there: string, made: string, system: System): string {
  if (programHash(there) === programHash(made)) return there;
  throw new Fault('E-CLI-096', `the kernel image '${there}' is signed, and the one of system '${system.name}' would not be`, {
    notes: ['firmware that takes only what is signed would start nothing any more; nothing was changed'],
    hints: [
      'sign it: --sign-key db.key --sign-certificate db.crt, or have them in etc/igos/boot.key and boot.crt of the root',
      'or, where this firmware takes what nobody signed, add --unsigned',
    ],
  });
}
