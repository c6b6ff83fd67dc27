/**
 * Numbers of the system calls of Linux that the launcher makes or its filter knows, by kind of machine. One that a kind never had is
 * `undefined`.
 *
 * @source linux/arch/x86/entry/syscalls/syscall_64.tbl, syscall_32.tbl, include/uapi/asm-generic/unistd.h; the tests hold them against
 *   the C library's headers where there are some
 */

/** `ia32`: programs of 32 bits on an x64 machine. */
export type CallTable = 'x64' | 'arm64' | 'ia32';

type Row = readonly [x64: number | undefined, arm64: number | undefined, ia32: number | undefined];

const NUMBERS = {
  acct: [163, 89, 51],
  add_key: [248, 217, 286],
  adjtimex: [159, 171, 124],
  bpf: [321, 280, 357],
  chdir: [80, 49, 12],
  chroot: [161, 51, 61],
  clock_adjtime: [305, 266, 343],
  clock_adjtime64: [undefined, undefined, 405],
  clock_settime: [227, 112, 264],
  clock_settime64: [undefined, undefined, 404],
  clone: [56, 220, 120],
  clone3: [435, 435, 435],
  close: [3, 57, 6],
  close_range: [436, 436, 436],
  delete_module: [176, 106, 129],
  dup3: [292, 24, 330],
  execve: [59, 221, 11],
  exit_group: [231, 94, 252],
  fanotify_init: [300, 262, 338],
  fcntl: [72, 25, 55],
  finit_module: [313, 273, 350],
  fsconfig: [431, 431, 431],
  fsmount: [432, 432, 432],
  fsopen: [430, 430, 430],
  fspick: [433, 433, 433],
  getpgid: [121, 155, 132],
  init_module: [175, 105, 128],
  io_uring_enter: [426, 426, 426],
  io_uring_register: [427, 427, 427],
  io_uring_setup: [425, 425, 425],
  ioctl: [16, 29, 54],
  ioperm: [173, undefined, 101],
  iopl: [172, undefined, 110],
  kexec_file_load: [320, 294, undefined],
  kexec_load: [246, 104, 283],
  keyctl: [250, 219, 288],
  lookup_dcookie: [212, 18, 253],
  mknod: [133, undefined, 14],
  mknodat: [259, 33, 297],
  mount: [165, 40, 21],
  mount_setattr: [442, 442, 442],
  move_mount: [429, 429, 429],
  nfsservctl: [180, 42, 169],
  open_by_handle_at: [304, 265, 342],
  open_tree: [428, 428, 428],
  openat: [257, 56, 295],
  perf_event_open: [298, 241, 336],
  personality: [135, 92, 136],
  pivot_root: [155, 41, 217],
  pipe2: [293, 59, 331],
  ppoll: [271, 73, 309],
  prctl: [157, 167, 172],
  prlimit64: [302, 261, 340],
  quotactl: [179, 60, 131],
  quotactl_fd: [443, 443, 443],
  reboot: [169, 142, 88],
  request_key: [249, 218, 287],
  rt_sigaction: [13, 134, 174],
  seccomp: [317, 277, 354],
  setdomainname: [171, 162, 121],
  setgroups: [116, 159, 206],
  sethostname: [170, 161, 74],
  setns: [308, 268, 346],
  setpgid: [109, 154, 57],
  setresgid: [119, 149, 210],
  setresuid: [117, 147, 208],
  settimeofday: [164, 170, 79],
  socket: [41, 198, 359],
  socketcall: [undefined, undefined, 102],
  socketpair: [53, 199, 360],
  stime: [undefined, undefined, 25],
  swapoff: [168, 225, 115],
  swapon: [167, 224, 87],
  syslog: [103, 116, 103],
  umask: [95, 166, 60],
  umount: [undefined, undefined, 22],
  umount2: [166, 39, 52],
  unshare: [272, 97, 310],
  uselib: [134, undefined, 86],
  userfaultfd: [323, 282, 374],
  vhangup: [153, 58, 111],
  vm86: [undefined, undefined, 166],
  vm86old: [undefined, undefined, 113],
  wait4: [61, 260, 114],
  write: [1, 64, 4],
} as const satisfies Record<string, Row>;

export type CallName = keyof typeof NUMBERS;

export const callNames: readonly CallName[] = Object.keys(NUMBERS) as CallName[];

/** The number of a call, `undefined` where that kind of machine has none. */
export const callNumber = (name: CallName, table: CallTable): number | undefined =>
  NUMBERS[name][table === 'x64' ? 0 : table === 'arm64' ? 1 : 2];
