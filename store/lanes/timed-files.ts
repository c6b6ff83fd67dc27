/** A regular file by what a look at it tells. */
export interface TimedFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Since 1970, without a fraction. */
  readonly mtimeSeconds: number;
}

/** Very many of them, by columns: an object for each would cost more than all else that is done with most. */
export interface TimedFiles {
  readonly paths: readonly string[];
  readonly sizesBytes: readonly number[];
  readonly mtimesSeconds: readonly number[];
}

export const timedFile = ({ paths, sizesBytes, mtimesSeconds }: TimedFiles, index: number): TimedFile => ({
  path: paths[index]!,
  sizeBytes: sizesBytes[index]!,
  mtimeSeconds: mtimesSeconds[index]!,
});

export const eachTimed = (files: TimedFiles): TimedFile[] => files.paths.map((_, index) => timedFile(files, index));

/** Those for which it is true. */
export function filterTimed(files: TimedFiles, isWanted: (path: string) => boolean): TimedFiles {
  const places = [...files.paths.keys()].filter((index) => isWanted(files.paths[index]!));
  const of = <T>(column: readonly T[]): T[] => places.map((index) => column[index]!);
  return { paths: of(files.paths), sizesBytes: of(files.sizesBytes), mtimesSeconds: of(files.mtimesSeconds) };
}
