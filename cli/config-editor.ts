/** Both versions of a configuration file in the user's editor, with conflicts between marks. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { boundWords, Fault, removedAfterEnd, temporaryFolder } from '../base/index.ts';
import { type ConfigVersions, hasMarks, isMergeable, mergeWithMarks } from '../pkm/index.ts';
import type { Context } from './context.ts';

/** What the user made of it. @throws Fault E-CLI-024 the editor failed · E-CLI-062 marks are left, or nothing can be edited */
export function editMerged(context: Context, path: string, versions: ConfigVersions): Buffer {
  const text = textToEdit(path, versions);
  const folder = temporaryFolder('pkm-config');
  using _ = removedAfterEnd(folder);
  const file = join(folder, basename(path));
  writeFileSync(file, text, { mode: 0o600 });
  const { environment } = context;
  const editor = environment['VISUAL'] || environment['EDITOR'] || 'vi';
  // the variables hold shell words: 'code --wait'
  const { status, error } = spawnSync(...boundWords('/bin/sh', ['-c', `exec ${editor} "$@"`, 'sh', file]), { stdio: 'inherit' });
  if (error !== undefined || status !== 0) {
    throw new Fault('E-CLI-024', `the editor '${editor}' failed`, { hints: ['set EDITOR to the editor that you use'] });
  }
  const edited = readFileSync(file);
  if (!hasMarks(edited)) return edited;
  throw new Fault('E-CLI-062', `'/${path}' has conflict marks left`, {
    notes: ['nothing was changed'],
    hints: ['edit it again, and leave between each pair of marks what shall stand, without the marks'],
  });
}

function textToEdit(path: string, { mine, original, theirs, hasLink }: ConfigVersions): Buffer {
  const sides = [original ?? Buffer.alloc(0), mine ?? Buffer.alloc(0), theirs ?? mine ?? Buffer.alloc(0)] as const;
  if (!hasLink && sides.every(isMergeable)) return mergeWithMarks(...sides);
  throw new Fault('E-CLI-062', `'/${path}' is no text to edit${hasLink ? ': one side is a symlink' : ''}`, {
    hints: ['take one side with --mine or --theirs'],
  });
}
