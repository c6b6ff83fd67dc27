import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { sys } from '../../base/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { whileOurs } from '../locked-folder.ts';
import { publicationOf, publishedText, publishFolder } from '../publication.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const publication = publicationOf(context, args, 'igos repo build');
  const folder = resolve(context.workingDirectory, args.operands[0]!);
  sys('read', folder, () => readdirSync(folder));
  const written = await whileOurs(context, folder, () => publishFolder(context, folder, publication));
  const { identity, serial, expiresAt, nRead, packages, republished } = written;
  if (context.isJson)
    context.out.json({
      folder,
      identity,
      serial,
      expiresAt,
      read: nRead,
      packages,
      republished: republished.map(({ name }) => name),
    });
  else context.out.line(publishedText(written, publication));
}
