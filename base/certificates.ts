/**
 * Whose certificates are trusted: those of the machine, or of the file that a variable names, as for curl, Git and Nix. Node would take
 * the list that came with it, which has nobody whom the machine trusts besides, and everybody whom it does not trust any more.
 */
import { readFileSync } from 'node:fs';

/** The first that is set counts. */
const VARIABLES = ['NIX_SSL_CERT_FILE', 'SSL_CERT_FILE'];

/** Where Debian, Arch, Alpine and NixOS have all in one file, then Fedora, openSUSE, and OpenSSL itself. */
const FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** A file that a variable names, and that nobody can be trusted by. */
export class BadCertificates extends Error {
  override readonly name = 'BadCertificates';
  constructor(variable: string, file: string, what: string) {
    super(`the variable '${variable}' names '${file}', which ${what}`);
  }
}

/** PEM, one after the other. */
export interface Certificates {
  readonly texts: readonly string[];
  readonly file: string;
  /** That named the file. */
  readonly variable?: string;
}

/** The variable that counts, and the file that it names; `undefined` where none is set. */
export function namedCertificates(
  environment: Readonly<Record<string, string | undefined>>,
): { readonly variable: string; readonly file: string } | undefined {
  for (const variable of VARIABLES) {
    const file = environment[variable];
    if (file !== undefined && file !== '') return { variable, file };
  }
  return undefined;
}

/** `undefined` where the machine has none. @throws BadCertificates */
export function machineCertificates(environment: NodeJS.ProcessEnv = process.env): Certificates | undefined {
  const named = namedCertificates(environment);
  if (named !== undefined) {
    const { variable, file } = named;
    const found = read(file);
    if (typeof found === 'string') throw new BadCertificates(variable, file, `cannot be read (${found})`);
    if (found.length === 0) throw new BadCertificates(variable, file, 'holds no certificate');
    return { texts: found, file, variable };
  }
  for (const file of FILES) {
    const texts = read(file);
    if (typeof texts !== 'string' && texts.length > 0) return { texts, file };
  }
  return undefined;
}

/** Says by its code what does not work. */
function read(file: string): readonly string[] | string {
  try {
    return readFileSync(file, 'latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

let isTaken = false;

/** What connects in this thread trusts these from now on, and those of `NODE_EXTRA_CA_CERTS`. @throws BadCertificates */
export function takeCertificates(): void {
  if (isTaken) return;
  const found = machineCertificates();
  if (found !== undefined) {
    const { texts, file, variable } = found;
    const tls = process.getBuiltinModule('node:tls');
    try {
      tls.setDefaultCACertificates([...texts, ...tls.getCACertificates('extra')]);
    } catch {
      // Of what the machine has itself a part is broken: then those count that Node brings.
      if (variable !== undefined) throw new BadCertificates(variable, file, 'holds a broken certificate');
    }
  }
  isTaken = true;
}
