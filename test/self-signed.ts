import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Files of a certificate for 127.0.0.1 that nobody signed but itself; `undefined` where no openssl makes one. */
export function selfSigned(folder: string, kind: 'ec' | 'rsa:2048' = 'ec'): { key: string; cert: string } | undefined {
  const key = join(folder, 'key.pem');
  const cert = join(folder, 'cert.pem');
  const curve = kind === 'ec' ? ['-pkeyopt', 'ec_paramgen_curve:prime256v1'] : [];
  const what = ['req', '-x509', '-newkey', kind, ...curve, '-nodes', '-days', '2'];
  const who = ['-subj', '/CN=igos test', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert];
  return spawnSync('openssl', [...what, ...who]).status === 0 ? { key, cert } : undefined;
}
