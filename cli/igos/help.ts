import { didYouMean, Fault } from '../../base/index.ts';
import { type DeclarationKind, fieldDocs, renderBuiltinDoc, renderFieldHelp } from '../../eval/index.ts';
import { allCodes } from '../all-codes.ts';
import type { Arguments } from '../arguments.ts';
import type { Command } from '../command.ts';
import { tableRecord, topicRecord } from '../command-record.ts';
import { commandsOf, findCommand, groupOf } from '../commands.ts';
import type { Context } from '../context.ts';
import { longHelp } from '../help.ts';
import { groupHelp, overview } from '../overview.ts';

const KINDS: readonly DeclarationKind[] = ['package', 'split', 'tier', 'system', 'tree'];

export function run(context: Context, args: Arguments): undefined {
  const words = args.operands;
  if (words.length === 0) {
    if (context.isJson) context.out.json(tableRecord(['igos', 'pkm']));
    else context.out.line(overview('igos', true));
    return;
  }
  const topic = words.join(' ');
  const text = explain(words);
  if (text === undefined) {
    const known = [
      ...KINDS,
      'override',
      ...Object.keys(allCodes),
      ...['igos', 'pkm'].flatMap((program) => commandsOf(program as 'igos').map((command) => command.name)),
    ];
    throw new Fault('E-CLI-005', `there is no help on '${topic}'`, {
      hints: [...didYouMean(topic, known), "topics are commands, declarations, builtins and error codes: 'igos help package'"],
    });
  }
  const command = commandOf(words);
  if (context.isJson) context.out.json(command === undefined ? { topic, text } : topicRecord(command, text));
  else context.out.line(text.trimEnd());
}

const OVERRIDE = `override: fields laid over a declaration of the tree, or of a tree below

Its fields are those of what it is laid over: 'igos help package', 'tier', 'system'. None is required: what is not given stays as it is.
Fields replace those below, but for phases, env, modes, capabilities and etc, which are merged key by key (null takes a key away).
'super' holds the fields below; lists that nobody has given are empty there. Several overrides apply in the order of the files.

    override zlib { version = "1.3.3"; patches = [ ./fix.patch ] ++ super.patches; }`;

function explain(words: readonly string[]): string | undefined {
  const topic = words.join(' ');
  if (topic === 'override') return OVERRIDE;
  const kind = KINDS.find((each) => each === topic);
  if (kind !== undefined) return `${topic}: ${fieldDocs(kind).length} fields\n\n${renderFieldHelp(kind)}`;
  const code = allCodes[topic.toUpperCase()];
  if (code !== undefined) {
    const example = (title: string, body: string | undefined): string[] =>
      body === undefined ? [] : ['', title, ...body.split('\n').map((line) => `  ${line}`)];
    return [
      `${topic.toUpperCase()}: ${code.title}`,
      '',
      code.explanation,
      ...example('wrong:', code.wrong),
      ...example('right:', code.right),
    ].join('\n');
  }
  const program = words[0] === 'pkm' || words[0] === 'igos' ? words[0] : undefined;
  const rest = program === undefined ? words : words.slice(1);
  if (program !== undefined && rest.length === 0) return overview(program, true);
  const command = commandOf(words);
  if (command !== undefined) return longHelp(command);
  const groupProgram = program ?? (['igos', 'pkm'] as const).find((each) => groupOf(each, rest[0] ?? '').length > 0);
  if (groupProgram !== undefined && rest.length === 1 && groupOf(groupProgram, rest[0]!).length > 0) {
    return groupHelp(groupProgram, rest[0]!);
  }
  return renderBuiltinDoc(topic.replace(/^builtins\./, ''));
}

/** `realize`, `store add`, `pkm install`. */
function commandOf(words: readonly string[]): Command | undefined {
  const program = words[0] === 'pkm' || words[0] === 'igos' ? words[0] : undefined;
  const rest = program === undefined ? words : words.slice(1);
  const found = findCommand(program ?? 'igos', rest) ?? (program === undefined ? findCommand('pkm', rest) : undefined);
  return found?.words.length === 0 ? found.command : undefined;
}
