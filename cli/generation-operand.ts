import { UsageError } from './arguments.ts';

/** A generation's number as typed. @throws UsageError */
export function parseGeneration(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new UsageError(`'${text}' is not the number of a generation`, ["'pkm generations' lists them"]);
  return Number(text);
}
