/**
 * The system calls that builds may not make, as a program for the kernel's filter (seccomp). Most of these the kernel would refuse
 * anyway to a program without privileges; the filter takes away what such a program could try its luck with: calls that are rarely
 * used, often at fault, and of no use to a build.
 *
 * What may be set to harm by being left behind (setuid bits, for one) is not refused: it is harmless in the scratch folder, which is
 * closed to everybody else, and the store keeps none of it.
 *
 * @source docs/builder.md §2; linux/filter.h, linux/seccomp.h, linux/audit.h
 */
import type { MachineName } from './machine-code.ts';
import { type CallName, type CallTable, callNumber } from './system-calls.ts';

const EPERM = 1;
const ENOSYS = 38;
const ESOCKTNOSUPPORT = 94;
const EAFNOSUPPORT = 97;

/** Refused as not permitted, whatever the arguments. */
const FORBIDDEN: readonly CallName[] = [
  ...(['mount', 'umount', 'umount2', 'pivot_root', 'move_mount', 'open_tree', 'mount_setattr', 'chroot'] as const),
  ...(['fsopen', 'fsconfig', 'fsmount', 'fspick', 'unshare', 'setns', 'open_by_handle_at', 'fanotify_init'] as const),
  ...(['keyctl', 'add_key', 'request_key', 'bpf', 'perf_event_open', 'userfaultfd', 'lookup_dcookie', 'syslog'] as const),
  ...(['init_module', 'finit_module', 'delete_module', 'kexec_load', 'kexec_file_load', 'reboot', 'acct'] as const),
  ...(['swapon', 'swapoff', 'quotactl', 'quotactl_fd', 'sethostname', 'setdomainname', 'vhangup', 'nfsservctl'] as const),
  ...(['settimeofday', 'clock_settime', 'clock_settime64', 'clock_adjtime', 'clock_adjtime64', 'adjtimex', 'stime'] as const),
  ...(['iopl', 'ioperm', 'uselib', 'vm86', 'vm86old'] as const),
];

/**
 * Refused as unknown, so that programs take the other way that they have: a filter cannot see what is asked of `clone3` and `socketcall`,
 * and calls that are made through io_uring pass it by.
 */
const UNKNOWN: readonly CallName[] = ['clone3', 'socketcall', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'];

/** New namespaces: all CLONE_NEW… bits. */
const NAMESPACE_FLAGS = 0x7e02_0080;

const S_IFMT = 0o170000;
const DEVICES = [0o020000, 0o060000];

/** Text that is put into a terminal as if it were typed (TIOCSTI), and the console's clipboard (TIOCLINUX). */
const TYPING = [0x5412, 0x541c];

/** PER_LINUX and PER_LINUX32, each also with fixed addresses (debuggers, dumped programs), and the question. */
const PERSONALITIES = [0, 0x8, 0x40000, 0x40008, 0xffff_ffff];

const AF_UNIX = 1;
/** unix, internet, internet 6, netlink. Not: sockets to the machine below (vsock), raw packets, crypto, … */
const FAMILIES = [AF_UNIX, 2, 10, 16];

/** Of the type of a socket, besides flags. */
const SOCKET_TYPE = 0xf;
/** Stream and packets in sequence: of a pair, they stay with each other. */
const CONNECTED = [1, 5];

export interface FilterOptions {
  /**
   * The build shares the machine's network: it gets no Unix sockets, through which it could reach the machine's services, or hand its
   * open outputs to somebody who changes them once they were hashed. Those for datagrams, a pair too, send to any name.
   */
  readonly hasNetwork: boolean;
}

/** How the kernel calls a kind of machine. */
const AUDIT_ARCHES: Readonly<Record<CallTable, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7, ia32: 0x4000_0003 };

/** x64 programs may make calls by other numbers, with this bit. */
const X32_BIT = 0x4000_0000;

/** There are two for each machine, and every build needs one. */
const known = new Map<string, Buffer>();

/** The filter as the kernel takes it: instructions of 8 bytes. Not to be changed. Cost: 0.1 ms, nothing the second time. */
export function seccompFilter(machine: MachineName, options: FilterOptions): Buffer {
  const key = `${machine} ${options.hasNetwork}`;
  const filter = known.get(key) ?? makeFilter(machine, options);
  known.set(key, filter);
  return filter;
}

function makeFilter(machine: MachineName, options: FilterOptions): Buffer {
  const native = checkCalls(machine, options);
  const narrow = machine === 'x64' ? checkCalls('ia32', options) : [];
  const program: Instruction[] = [
    loadWord(ARCH),
    jumpIfEqual(AUDIT_ARCHES[machine], 1, 0),
    jump(native.length),
    ...native,
    // Programs of 32 bits: packages for them are built, too.
    ...(machine === 'x64' ? [jumpIfEqual(AUDIT_ARCHES.ia32, 1, 0), jump(narrow.length), ...narrow] : []),
    refuse(ENOSYS),
  ];
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, yes, no, value }] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(yes, index * 8 + 2);
    bytes.writeUInt8(no, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}

function checkCalls(table: CallTable, options: FilterOptions): Instruction[] {
  const families = options.hasNetwork ? FAMILIES.filter((family) => family !== AF_UNIX) : FAMILIES;
  const numbers = (names: readonly CallName[]): number[] => names.flatMap((name) => callNumber(name, table) ?? []);
  const onCall = (name: CallName, then: readonly Instruction[]): Instruction[] => {
    const number = callNumber(name, table);
    return number === undefined ? [] : [jumpIfEqual(number, 0, then.length), ...then];
  };
  return [
    loadWord(NUMBER),
    ...(table === 'x64' ? [jumpIfAtLeast(X32_BIT, 0, 1), refuse(ENOSYS)] : []),
    ...numbers(FORBIDDEN).flatMap((number) => [jumpIfEqual(number, 0, 1), refuse(EPERM)]),
    ...numbers(UNKNOWN).flatMap((number) => [jumpIfEqual(number, 0, 1), refuse(ENOSYS)]),
    ...onCall('clone', [loadWord(argument(0)), and(NAMESPACE_FLAGS), ...allowOnly([0], EPERM)]),
    ...onCall('mknod', [loadWord(argument(1)), and(S_IFMT), ...refuseOnly(DEVICES, EPERM)]),
    ...onCall('mknodat', [loadWord(argument(2)), and(S_IFMT), ...refuseOnly(DEVICES, EPERM)]),
    ...onCall('ioctl', [loadWord(argument(1)), ...refuseOnly(TYPING, EPERM)]),
    ...onCall('personality', [loadWord(argument(0)), ...allowOnly(PERSONALITIES, EPERM)]),
    ...onCall('socket', [loadWord(argument(0)), ...allowOnly(families, EAFNOSUPPORT)]),
    ...onCall('socketpair', [
      ...[loadWord(argument(0)), jumpIfEqual(AF_UNIX, 1, 0), refuse(EAFNOSUPPORT)],
      ...(options.hasNetwork ? [loadWord(argument(1)), and(SOCKET_TYPE), ...allowOnly(CONNECTED, ESOCKTNOSUPPORT)] : [allow]),
    ]),
    allow,
  ];
}

interface Instruction {
  readonly code: number;
  /** Instructions to pass over. */
  readonly yes: number;
  readonly no: number;
  readonly value: number;
}

/** Places in what the filter looks at (struct seccomp_data). */
const NUMBER = 0;
const ARCH = 4;
/** The lower half of an argument: what all arguments that are looked at have. */
const argument = (index: number): number => 16 + 8 * index;

const instruction = (code: number, value: number, yes = 0, no = 0): Instruction => ({ code, yes, no, value });
const loadWord = (at: number): Instruction => instruction(0x20, at);
const and = (mask: number): Instruction => instruction(0x54, mask);
const jump = (distance: number): Instruction => instruction(0x05, distance);
const jumpIfEqual = (value: number, yes: number, no: number): Instruction => instruction(0x15, value, yes, no);
const jumpIfAtLeast = (value: number, yes: number, no: number): Instruction => instruction(0x35, value, yes, no);
const refuse = (errno: number): Instruction => instruction(0x06, 0x0005_0000 | errno);
const allow: Instruction = instruction(0x06, 0x7fff_0000);

const refuseOnly = (values: readonly number[], errno: number): Instruction[] => [
  ...values.flatMap((value) => [jumpIfEqual(value, 0, 1), refuse(errno)]),
  allow,
];

const allowOnly = (values: readonly number[], errno: number): Instruction[] => [
  ...values.flatMap((value) => [jumpIfEqual(value, 0, 1), allow]),
  refuse(errno),
];
