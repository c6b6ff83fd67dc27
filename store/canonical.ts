/** Brings what a build left on disk into the store's form, in place. */
import { chmodSync, lchownSync, lstatSync, lutimesSync, readdirSync, utimesSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, removeExtendedAttributes, sys } from '../base/index.ts';
import { canonicalMtimeSeconds, directoryMode, executableMode, fileMode } from './canonical-metadata.ts';
import { joinPath, specialFile } from './tree.ts';

/**
 * Sets modes to 0444 or 0555 (the owner's x decides; setuid and its kin go), times to 1 s, the owner to ours; removes extended
 * attributes and access control lists. The top folder keeps
 * mode 0755: it has to be moved yet.
 *
 * @param name   of the object, for errors
 * @throws Fault E-STORE-010 device, socket or pipe · SystemFault
 */
export function canonicalise(root: Bytes, name: string): void {
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const visit = (path: Bytes, real: Bytes) => {
    const at = bytesToPath(real);
    sys('change the metadata of', bytesToText(real), () => {
      const stat = lstatSync(at);
      // Only root may give files away, and only root's builds make files of another user.
      if (owner.uid === 0 && (stat.uid !== 0 || stat.gid !== owner.gid)) lchownSync(at, owner.uid, owner.gid);
      removeExtendedAttributes(real);
      if (stat.isSymbolicLink()) {
        lutimesSync(at, canonicalMtimeSeconds, canonicalMtimeSeconds);
      } else if (stat.isFile()) {
        chmodSync(at, (stat.mode & 0o100) === 0 ? fileMode : executableMode);
        utimesSync(at, canonicalMtimeSeconds, canonicalMtimeSeconds);
      } else if (stat.isDirectory()) {
        chmodSync(at, 0o755);
        for (const name of readdirSync(at, { encoding: 'latin1' }))
          visit(path === '' ? name : `${path}/${name}`, `${real}/${name}`);
        if (path !== '') chmodSync(at, directoryMode);
        utimesSync(at, canonicalMtimeSeconds, canonicalMtimeSeconds);
      } else throw specialFile(joinPath(name, path), real);
    });
  };
  visit('', root);
}
