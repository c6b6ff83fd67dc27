import { spawn } from 'node:child_process';
import { Fault } from '../base/index.ts';
import type { DepotCode } from './codes.ts';
import type { Signer } from './openpgp.ts';
import { PATH_NOTATION } from './path-notation.ts';

/** Signs with a key of the user's GnuPG: its agent asks for the passphrase. `fingerprint`: of the key, which must be there. */
export function gpgSigner(fingerprint: string): Signer {
  return {
    fingerprint,
    sign: (file, archive) =>
      run([
        '--detach-sign',
        '--digest-algo',
        'SHA256',
        '--batch',
        '--yes',
        '--no-armor',
        '--local-user',
        `${fingerprint}!`,
        '--sig-notation',
        `${PATH_NOTATION}=${archive}`,
        '--output',
        '-',
        '--',
        file,
      ]),
  };
}

/** Whether GnuPG is there and has the secret key. */
export async function gpgHasSecretKey(fingerprint: string): Promise<boolean> {
  try {
    return (await run(['--batch', '--with-colons', '--list-secret-keys', fingerprint])).length > 0;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

function run(args: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('gpg', ['--no-tty', '--use-agent', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-2000);
    });
    const refuse = (why: string) =>
      reject(
        new Fault('E-DEPOT-013' satisfies DepotCode, `GnuPG did not sign: ${why}`, {
          hints: ["see 'gpg --list-secret-keys', or sign with a key file: --key FILE"],
        }),
      );
    child.on('error', (error) =>
      refuse((error as NodeJS.ErrnoException).code === 'ENOENT' ? "there is no program 'gpg'" : error.message),
    );
    child.on('close', (status) => {
      if (status === 0) resolve(Buffer.concat(out));
      else
        refuse(
          said
            .trim()
            .split('\n')
            .at(-1)
            ?.replace(/[\x00-\x1f\x7f]/g, '?') || `it ended with ${status}`,
        );
    });
  });
}
