import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import type { withRenewedBoot } from '../imaging/renewed-boot.ts';
import { changeRequest, openForChange, printReport } from '../roots.ts';
import { openSession } from '../session.ts';
import { chosenSystem, systemImages } from '../system-images.ts';
import { splitOperand, Trees } from '../targets.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  const operand = splitOperand(args.operands[0]!);
  using session = openSession(context, args, { isReadOnly: false });
  const tree = new Trees(session).open(operand.path);
  const system = chosenSystem(tree, operand);
  const own = await systemImages(context, args, session, tree, system);
  const { images, explicit } = await withBoot(context, args, session, tree, system, own);
  using root = openForChange(context, args, 'pkm switch', { mayBeMissing: true });
  const report = root.switchTo(images, { ...changeRequest(context, args), explicit, declared: tree.packages.keys() });
  return printReport(context, args, report);
}

/** What makes images is needed where a system has one. */
const withBoot: typeof withRenewedBoot = async (...request) =>
  (await import('../imaging/renewed-boot.ts')).withRenewedBoot(...request);
