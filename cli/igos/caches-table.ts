/** The commands of `igos` about binary caches and the keys that sign what is in them. */
import type { Command } from '../command.ts';
import { PATH_WORDS, TRUST } from './shared-options.ts';

const KEY_FILE = { long: 'key', short: 'k', values: ['FILE'] } as const;
const COMPRESSION = { long: 'compression', values: ['NAME'], choices: ['zstd', 'xz', 'gzip', 'br', 'bzip2', 'none'] } as const;
const CACHE_WORDS =
  'CACHE is file:///folder, http://…, https://… or s3://bucket?endpoint=…&region=… (keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws/credentials).';

export const cachesCommands: readonly Command[] = [
  {
    program: 'igos',
    name: 'key generate',
    summary: 'make a key to sign store paths with',
    operands: 'NAME',
    minOperands: 1,
    maxOperands: 1,
    description:
      "Prints a new secret key, in Nix's form. NAME says whose it is, like cache.example.org-1, and is part of each signature. With --output the secret goes to a new file that only you can read, and the public key is printed.",
    options: [
      { long: 'output', short: 'o', values: ['FILE'], doc: 'write the secret key to this new file, print the public one' },
    ],
    examples: [
      {
        command: 'igos key generate cache.example.org-1 -o /tmp/root-secret.key',
        says: 'prints what others put into trusted-public-keys',
      },
    ],
  },
  {
    program: 'igos',
    name: 'key public',
    summary: 'print the public key of a secret key',
    operands: 'FILE',
    minOperands: 1,
    maxOperands: 1,
    description: 'Reads a secret key from FILE (- for standard input) and prints its public key, for trusted-public-keys.',
    options: [],
    examples: [{ command: 'igos key public /tmp/root-secret.key', says: 'prints cache.example.org-1:…' }],
  },
  {
    program: 'igos',
    name: 'store sign',
    summary: 'sign paths of the store with a secret key',
    operands: '[PATH…]',
    minOperands: 0,
    maxOperands: Infinity,
    description: `Adds a signature to each path; stores and caches that trust the key take such a path from anybody. A signature covers the name of the path, its content and what it refers to. Signing again with the same key changes nothing. ${PATH_WORDS}`,
    options: [
      { ...KEY_FILE, doc: 'the secret key, as made by igos key generate (needed)' },
      { long: 'all', doc: 'sign every path of the store' },
      { long: 'recursive', short: 'r', doc: 'sign also what the paths refer to' },
      { long: 'closure', doc: 'the same' },
    ],
    examples: [{ command: 'igos store sign -k /tmp/root-secret.key --all', says: 'signs whatever is there' }],
  },
  {
    program: 'igos',
    name: 'cache serve',
    summary: 'serve the store as a binary cache over HTTP',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Nix and igos can substitute from it until Ctrl-C. It reads only, and gives what is in the store to whoever asks: listen on other addresses than 127.0.0.1 only where that is meant. With a key everything is signed as it goes out. Compressed archives are kept under var/cache/nar of the home, up to --keep. Nix clients want a store of their folder: --store-dir /nix/store.',
    options: [
      { long: 'host', values: ['ADDRESS'], doc: 'listen on this address (default 127.0.0.1)' },
      { long: 'port', short: 'p', values: ['N'], doc: 'listen on this port (default 8080; 0 takes a free one)' },
      { ...KEY_FILE, isRepeated: true, doc: 'sign with this secret key' },
      { ...COMPRESSION, doc: 'how archives are offered (default zstd)' },
      { long: 'priority', values: ['N'], doc: 'caches with lower numbers are asked first (default 50)' },
      { long: 'keep', values: ['MIB'], doc: 'how much of compressed archives to keep (default 4096)' },
    ],
    examples: [],
  },
  {
    program: 'igos',
    name: 'cache push',
    summary: 'copy paths and all they refer to into a binary cache',
    operands: 'CACHE PATH…',
    minOperands: 2,
    maxOperands: Infinity,
    description: `Puts what is missing there, archives before what describes them, so that readers find whole closures only; and what is known of the builds. With a key what is there already, with the same content, is signed as well. ${PATH_WORDS} ${CACHE_WORDS} A folder becomes a cache by the first push.`,
    options: [
      { ...KEY_FILE, isRepeated: true, doc: 'sign with this secret key' },
      { ...COMPRESSION, doc: 'of the archives (default zstd)' },
      { long: 'listings', doc: 'write beside each path what is in it (.ls), for those who look without fetching' },
      { long: 'jobs', short: 'j', values: ['N'], doc: 'transfers at the same time (default 4)' },
    ],
    examples: [
      { command: 'igos cache push file:///tmp/root-cache $(igos store add README.md)', says: 'prints what was not there' },
    ],
  },
  {
    program: 'igos',
    name: 'cache pull',
    summary: 'copy paths and all they refer to out of a binary cache',
    operands: 'CACHE PATH…',
    minOperands: 2,
    maxOperands: Infinity,
    description: `Takes what this store does not have, checks each hash, and takes nothing that neither a trusted key signed nor its content proves. What broke off goes on where it was. From a cache of igos itself only files are sent that are nowhere in this store. The caches of --substituters and of the settings are asked for what CACHE does not have. ${CACHE_WORDS}`,
    options: [
      ...TRUST,
      { long: 'no-check-sigs', doc: 'take what nobody trusted signed; hashes are checked all the same' },
      { long: 'jobs', short: 'j', values: ['N'], doc: 'transfers at the same time (default 8)' },
    ],
    examples: [
      {
        command: 'igos cache pull file:///tmp/root-cache $(igos store add README.md) --home /tmp/root-other',
        says: 'prints what came',
      },
    ],
  },
];
