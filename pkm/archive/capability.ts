/**
 * File capabilities, as the kernel keeps them in the attribute `security.capability`: five little-endian words (magic and flag,
 * then permitted and inheritable of the lower 32 capabilities, then of the upper). Kept and compared as hex.
 *
 * @source linux/capability.h, `struct vfs_cap_data`
 */

import { Fault } from '../../base/index.ts';
import { printable } from '../names.ts';

export const CAPABILITY_ATTRIBUTE = 'security.capability';

const SIZE = 20;
const REVISION_2 = 0x02000000;
const EFFECTIVE = 1;

/** Hex of the attribute; `undefined` where it is of another form (of a user namespace, or no capability at all). */
export function decodeCapability(bytes: Uint8Array): string | undefined {
  if (bytes.length !== SIZE) return undefined;
  const buffer = Buffer.from(bytes);
  return (buffer.readUInt32LE(0) & ~EFFECTIVE) === REVISION_2 ? buffer.toString('hex') : undefined;
}

/**
 * The attribute for `cap_net_raw,cap_net_admin=ep`.
 * @throws Fault E-PKM-074 a name or flag that there is not
 */
export function encodeCapability(text: string): string {
  const match = /^([a-z_,]+)[=+]([eip]+)$/.exec(text);
  const bits = (match?.[1] ?? '').split(',').map((name) => NAMES.indexOf(name));
  if (match === null || bits.includes(-1)) {
    throw new Fault('E-PKM-074', `'${printable(text)}' are no file capabilities`, {
      hints: ["write names of capabilities(7), '=', and of 'e', 'i' and 'p' those that are meant: 'cap_net_raw=ep'"],
    });
  }
  const has = (flag: string): boolean => match[2]!.includes(flag);
  const words = Buffer.alloc(SIZE);
  words.writeUInt32LE(REVISION_2 | (has('e') ? EFFECTIVE : 0), 0);
  for (const bit of bits) {
    for (const [flag, at] of [
      ['p', 4],
      ['i', 8],
    ] as const) {
      const place = at + (bit < 32 ? 0 : 8);
      if (has(flag)) words.writeUInt32LE((words.readUInt32LE(place) | (1 << (bit % 32))) >>> 0, place);
    }
  }
  return words.toString('hex');
}

/** As setcap writes it: `cap_net_raw=ep`. */
export function describeCapability(hex: string): string {
  if (hex === '') return 'none';
  if (hex.length !== 2 * SIZE) return hex;
  const words = Buffer.from(hex, 'hex');
  const isEffective = (words.readUInt32LE(0) & EFFECTIVE) !== 0;
  const byFlags = new Map<string, string[]>();
  for (let bit = 0; bit < 64; bit++) {
    const has = (at: number): boolean => ((words.readUInt32LE(at + (bit < 32 ? 0 : 8)) >>> (bit % 32)) & 1) === 1;
    const flags = `${isEffective ? 'e' : ''}${has(8) ? 'i' : ''}${has(4) ? 'p' : ''}`;
    if (!has(4) && !has(8)) continue;
    byFlags.set(flags, [...(byFlags.get(flags) ?? []), NAMES[bit] ?? String(bit)]);
  }
  return byFlags.size === 0 ? 'none' : Array.from(byFlags, ([flags, names]) => `${names.join(',')}=${flags}`).join(' ');
}

const NAMES =
  `chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast
net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource
sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend
audit_read perfmon bpf checkpoint_restore`
    .split(/\s+/)
    .map((name) => `cap_${name}`);
