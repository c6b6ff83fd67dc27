/** Shell, make and C compiler of this machine as packages, for trees of tests that compile small C programs. */
import { spawnSync } from 'node:child_process';

const SHELL_TOOLS =
  '[ arch awk basename cat chmod cmp cp cut date diff dirname echo egrep env expr false fgrep file find grep gzip head hostname id install ln ls mkdir mktemp mv nproc od printf pwd readlink rm rmdir sed seq sh sleep sort tail tar tee test touch tr true uname uniq wc xargs';

const COMPILER_TOOLS = 'ar as cc cpp gcc ld nm objcopy objdump ranlib readelf strip';

/** What the driver calls and links in, where distributions keep it. */
const COMPILER_FILES = [
  '/usr/lib{,64,exec}/gcc/*-linux*/*/{cc1,collect2,lto-wrapper,liblto_plugin.so}',
  '/usr/lib{,64}/gcc/*-linux*/*/crt*.o',
  '/usr/lib{,64}/gcc/*-linux*/*/{libgcc.a,libgcc_eh.a,libgcc_s.so}',
  '/usr/lib{,64}/gcc/*-linux*/*/include/**',
  '/usr/lib{,64,/*-linux-gnu*}/{crt1,crti,crtn,Scrt1}.o',
  '/usr/lib{,64,/*-linux-gnu*}/lib{c,m,mvec,pthread,dl,rt,util}.{a,so}',
  '/usr/lib{,64,/*-linux-gnu*}/libc_nonshared.a',
  '/usr/lib{,64,/*-linux-gnu*}/libm-[0-9]*.a',
  '/usr/lib{,64,/*-linux-gnu*}/lib{c,m,mvec,pthread,dl,rt,util,gcc_s}.so.[0-9]*',
  '/usr/include{,/*-linux-gnu*}/{bits,gnu}/**',
  '/usr/lib{,64,/*-linux-gnu*}/ld-linux*.so.[0-9]*',
];

/** Tiers `machine` and `extra`, packages `host-sh`, `host-make`, `host-cc` and `host-patch`. */
export function hostToolchain(): string {
  const includes = ['assert', 'ctype', 'errno', 'limits', 'stddef', 'stdint', 'stdio', 'stdlib', 'string', 'unistd'];
  const program = includes.map((name) => `#include <${name}.h>\n`).join('');
  const { stdout } = spawnSync('cc', ['-O2', '-M', '-x', 'c', '-'], { input: program, encoding: 'utf8' });
  const headers = stdout.split(/[\s\\]+/).filter((word) => word.startsWith('/usr/include/'));
  const list = (words: readonly string[]): string => `[ ${words.map((word) => JSON.stringify(word)).join(' ')} ]`;
  const host = (name: string, tools: readonly string[], files: readonly string[] = []): string =>
    `package ${name} "1" { tier = machine; summary = "Tools of this machine"; style = hostTools { tools = ${list(tools)}; files = ${list(files)}; }; }\n`;
  return `tier machine { summary = "Tools of this machine"; ships = false; }
tier extra { summary = "What is built"; after = [ machine ]; }
${host('host-sh', SHELL_TOOLS.split(' '))}${host('host-make', ['make'])}${host('host-patch', ['patch'])}${host('host-cc', COMPILER_TOOLS.split(' '), [...COMPILER_FILES, ...headers])}`;
}
