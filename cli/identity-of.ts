import { printable } from '../base/index.ts';
import { IDENTITY_WORDS, isIdentity } from '../pkm/index.ts';
import { type Arguments, UsageError } from './arguments.ts';

/** What `--identity` says. @throws UsageError it cannot be one */
export function identityOf(args: Arguments): string | undefined {
  const text = args.value('identity');
  if (text === undefined || isIdentity(text)) return text;
  throw new UsageError(`'${printable(text)}' cannot be the identity of a repository`, [IDENTITY_WORDS]);
}
