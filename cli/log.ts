/** `IGOS_LOG=eval,store`: what goes on inside, a line each on standard error, for whoever looks for a mistake. */
import { bytesToText } from '../base/index.ts';
import type { EvalIO } from '../eval/index.ts';
import type { StorePath } from '../store/index.ts';
import type { Context } from './context.ts';

/** `eval`: what evaluation asks of the world. `store`: paths as they become valid. */
export type LogTopic = 'eval' | 'store';

type Logging = Pick<Context, 'environment' | 'out'>;

export const isLogged = ({ environment }: Pick<Context, 'environment'>, topic: LogTopic): boolean =>
  (environment['IGOS_LOG'] ?? '').split(',').includes(topic);

/** For `openStore`. */
export const logRegistered = (context: Logging): { onRegistered?: (paths: readonly StorePath[]) => void } =>
  isLogged(context, 'store')
    ? { onRegistered: (paths) => paths.forEach((path) => void context.out.talk(`store: ${path} is valid`)) }
    : {};

const QUESTIONS: ReadonlySet<PropertyKey> = new Set<keyof EvalIO>([
  'readFile',
  'hashFile',
  'readDir',
  'env',
  'now',
  'realise',
  'fetchGit',
  'fetchUrl',
]);

/** The same, and each question is told. What is only looked for (`lstat` and its like) is not: there is too much of it. */
export function loggedIO(context: Logging, io: EvalIO): EvalIO {
  if (!isLogged(context, 'eval')) return io;
  return new Proxy(io, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (!QUESTIONS.has(name)) return member.bind(target) as unknown;
      return (...words: readonly unknown[]): unknown => {
        const asked = words.map((word) => (typeof word === 'string' ? bytesToText(word) : JSON.stringify(word)));
        context.out.talk(`eval: ${[String(name), ...asked].join(' ')}`);
        return Reflect.apply(member, target, words);
      };
    },
  });
}
