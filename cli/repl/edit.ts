/** `:e`: the definition of a thing, in the user's editor. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { boundWords, bytesToPath, bytesToText, Fault, type Span } from '../../base/index.ts';
import { Attrs, ContextString, isDerivation, Lambda, PathValue, type Value } from '../../eval/index.ts';
import type { Parsed } from './input.ts';
import { namedBy } from './place.ts';
import type { Repl } from './repl.ts';
import { fileOf } from './world.ts';

interface Place {
  readonly file: string | Buffer;
  readonly line: number;
}

/** Waits for the editor, then reloads. @throws Fault E-CLI-022, E-CLI-024 */
export function editDefinition(repl: Repl, expression: Parsed): undefined {
  const place = repl.evaluate(() => repl.world.interpreter.guard(() => definitionOf(repl, expression)));
  if (place === undefined) {
    throw new Fault('E-CLI-022', 'that is defined in no file', {
      hints: ['name a function, a package or an attribute that comes from a file, or a path'],
    });
  }
  const { environment } = repl.context;
  const editor = environment['VISUAL'] || environment['EDITOR'] || 'vi';
  // the variables hold shell words: 'code --wait'
  const words = ['-c', `exec ${editor} "$@"`, 'sh', ...lineOption(editor, place.line), place.file.toString()];
  const { status, error } = spawnSync(...boundWords('/bin/sh', words), { stdio: 'inherit' });
  if (error !== undefined || status !== 0) {
    throw new Fault('E-CLI-024', `the editor '${editor}' failed`, { hints: ['set EDITOR to the editor that you use'] });
  }
  repl.reload();
}

/** Editors that take `+LINE`. */
const TAKES_LINE = /^(?:vi|vim|nvim|nano|pico|emacs|emacsclient|kak|micro|ne|joe|mg|hx)$/;

const lineOption = (editor: string, line: number): string[] =>
  line > 0 && TAKES_LINE.test(basename(editor.split(' ')[0]!)) ? [`+${line}`] : [];

function definitionOf(repl: Repl, expression: Parsed): Place | undefined {
  const { world } = repl;
  const value = world.evaluate(expression);
  const file = fileNamedBy(value);
  if (file !== undefined) return file;
  const spans = [
    value instanceof Lambda ? value.site.span : undefined,
    value instanceof Attrs && isDerivation(value) ? value.spanOf('name') : undefined,
    namedBy(world, expression)?.span,
  ];
  for (const span of spans) {
    const place = span && inFile(repl, span);
    if (place !== undefined) return place;
  }
  return undefined;
}

function inFile(repl: Repl, span: Span): Place | undefined {
  const file = fileOf(repl.world, span.source, repl.context.workingDirectory);
  return file === undefined ? undefined : { file, line: span.source.position(span.start).line };
}

/** A path, or a text that begins with '/'; a folder stands for its `default.nix`. */
function fileNamedBy(value: Value): Place | undefined {
  const text = value instanceof PathValue ? value.path : value instanceof ContextString ? value.text : value;
  if (typeof text !== 'string' || !text.startsWith('/') || !existsSync(bytesToPath(text))) return undefined;
  const isFolder = statSync(bytesToPath(text)).isDirectory();
  return { file: isFolder ? join(bytesToText(text), 'default.nix') : bytesToPath(text), line: 0 };
}
