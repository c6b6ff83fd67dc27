import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { imageOutput, squashfsOptions } from '../imaging/squashfs-options.ts';
import { writeSystemImage } from '../imaging/system-image.ts';
import { openSession } from '../session.ts';
import { chosenSystem } from '../system-images.ts';
import { splitOperand, Trees } from '../targets.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const operand = splitOperand(args.operands[0]!);
  const options = squashfsOptions(context, args);
  using session = openSession(context, args, { isReadOnly: false });
  const tree = new Trees(session).open(operand.path);
  const system = chosenSystem(tree, operand);
  const output = imageOutput(context, args, `${system.name}.squashfs`);
  const made = await writeSystemImage(context, args, session, tree, system, output, options);
  if (context.isJson) context.out.json({ system: system.name, file: output, ...made });
  else context.out.line(output);
}
