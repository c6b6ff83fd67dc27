/** The program `git`, called so that nothing of a repository's own settings runs and nobody is asked for a password. */
import { spawnSync } from 'node:child_process';
import { boundWords, formatBytes, namedCertificates, tryBytesToText } from '../../base/index.ts';
import { builtinFault } from '../builtins/faults.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A repository's configuration is not ours: no hooks, no file system monitor, no attributes from elsewhere, no helpers as protocols. */
const SAFE = ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', '-c', 'core.attributesFile=/dev/null'];
const INHERITED =
  /^(?:PATH|HOME|USER|LOGNAME|SSH_AUTH_SOCK|XDG_CONFIG_HOME|(?:https?|all|no)_proxy|SSL_CERT_FILE|GIT_SSL_CAINFO|GIT_HTTP_LOW_SPEED_(?:LIMIT|TIME)|TMPDIR)$/i;

/** For what is fetched. A repository that is only read fetches nothing that it lacks: how, its own settings say, by commands. */
export const REMOTE = { GIT_ALLOW_PROTOCOL: 'git:http:https:ssh' };

/** Of a million files and more: folders that are there a thousand times, in each other, make a list without an end of a few KB. */
const MAX_BYTES = 1 << 28;

export class Git {
  readonly #repository: string;
  readonly #env: Record<string, string>;

  /**
   * @param repository a working tree or a bare repository
   * @param extra variables; with `REMOTE` it may fetch
   */
  constructor(repository: string, environment: Environment, extra: Readonly<Record<string, string>> = {}) {
    this.#repository = repository;
    const inherited = Object.entries(environment).filter(([name, value]) => value !== undefined && INHERITED.test(name));
    const trusted = namedCertificates(environment);
    this.#env = {
      // A git with GnuTLS does not look at the variable that all others have.
      ...(trusted === undefined ? {} : { GIT_SSL_CAINFO: trusted.file }),
      // A server that is silent for five minutes is given up; git alone would wait for ever.
      GIT_HTTP_LOW_SPEED_LIMIT: '1',
      GIT_HTTP_LOW_SPEED_TIME: '300',
      ...(Object.fromEntries(inherited) as Record<string, string>),
      LC_ALL: 'C',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ALLOW_PROTOCOL: '',
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_OPTIONAL_LOCKS: '0',
      ...extra,
    };
  }

  /** What it prints, one character a byte. @throws Fault E-EVAL-141 */
  read(words: readonly string[], options: { readonly input?: string; readonly maxBytes?: number } = {}): string {
    const { status, stdout, stderr } = this.#run(words, options);
    if (status !== 0) throw gitFailed(words, stderr);
    return stdout;
  }

  /** The same, or undefined where git says no. */
  tryRead(words: readonly string[]): string | undefined {
    const { status, stdout } = this.#run(words, {});
    return status === 0 ? stdout : undefined;
  }

  /** What is wrong, if anything is: a Fault E-EVAL-141. */
  failure(words: readonly string[]): Error | undefined {
    const { status, stderr } = this.#run(words, {});
    return status === 0 ? undefined : gitFailed(words, stderr);
  }

  #run(
    words: readonly string[],
    { input = '', maxBytes = MAX_BYTES }: { readonly input?: string; readonly maxBytes?: number },
  ): { status: number | null; stdout: string; stderr: string } {
    const [program, args] = boundWords('git', [...SAFE, '-C', this.#repository, ...words]);
    const child = spawnSync(program, args, {
      env: this.#env,
      input: Buffer.from(input, 'latin1'),
      maxBuffer: maxBytes,
    });
    if (child.status === 127 || (child.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
      throw builtinFault('E-EVAL-141', 'fetchGit needs the program git, which is not in PATH', {
        hints: ['install git, or fetch an archive with fetchTarball'],
      });
    }
    if ((child.error as NodeJS.ErrnoException | undefined)?.code === 'ENOBUFS') throw tooLong(words, maxBytes);
    if (child.error !== undefined) throw builtinFault('E-EVAL-141', child.error.message);
    return { status: child.status, stdout: child.stdout.toString('latin1'), stderr: child.stderr.toString('utf8') };
  }
}

/**
 * Variables by which `git status` runs none of the repository's own filters, which are commands. Those of the user's own settings run.
 *
 * @throws Fault E-EVAL-141 a filter that cannot be named
 */
export function withoutFilters(git: Git): Record<string, string> {
  const fields = git.tryRead(['config', '--null', '--show-scope', '--get-regexp', '^filter\\.'])?.split('\0') ?? [];
  const names = new Set<string>();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [, name] = /^filter\.([^\n]*)\.[^.\n]*(?:\n|$)/.exec(fields[i + 1]!) ?? [];
    if (name !== undefined && /^(?:local|worktree)$/.test(fields[i]!)) names.add(name);
  }
  const settings = Array.from(names, (bytes) => {
    const name = tryBytesToText(bytes);
    if (name === undefined) throw builtinFault('E-EVAL-141', 'the settings of the repository name a filter in no UTF-8');
    return [`filter.${name}.clean`, '', `filter.${name}.process`, '', `filter.${name}.required`, 'false'];
  }).flat();
  const pairs = settings.map((text, i) => [`GIT_CONFIG_${i % 2 === 0 ? 'KEY' : 'VALUE'}_${i >> 1}`, text]);
  return { GIT_CONFIG_COUNT: String(settings.length / 2), ...Object.fromEntries(pairs) };
}

const commandOf = (words: readonly string[]): string => words.find((word) => !word.startsWith('-')) ?? '';

const tooLong = (words: readonly string[], maxBytes: number): Error =>
  builtinFault('E-EVAL-141', `git ${commandOf(words)} says more than ${formatBytes(maxBytes)}`, {
    hints: ['no real repository has so much to say: look at what is in it before you fetch it'],
  });

const gitFailed = (words: readonly string[], stderr: string): Error => {
  return builtinFault('E-EVAL-141', `git ${commandOf(words)} failed`, {
    notes: stderr.trim() === '' ? [] : [stderr.trim().split('\n').slice(-8).join('\n')],
    hints: /promisor remote/.test(stderr)
      ? ['the repository was cloned in part, and has not what is asked for; in it: git fetch --refetch --no-filter']
      : [],
  });
};
