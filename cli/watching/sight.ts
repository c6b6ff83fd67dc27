/** What an evaluation saw, whether it succeeded or not, and whether that is still so. */
import { type Bytes, textToBytes } from '../../base/index.ts';
import { type FileState, fileState } from '../evaluation-cache/file-state.ts';
import { type Recorder, unreadState } from '../evaluation-cache/recorder.ts';
import type { Seen, SourceSeen } from '../evaluation-cache/seen.ts';
import { stillTrue, type World } from '../evaluation-cache/still-true.ts';

/** The clock by which files are dated may be so late. */
const TICK_MS = 5;

export class Sight {
  readonly #recorder: Recorder;
  /** But for what objects of the store hold: that stays as it is, and was perhaps written just now, by import from derivation. */
  readonly #seen: Seen;
  /** Begins the path of each object. */
  readonly #objects: Bytes;
  readonly #world: World;
  readonly #startMs: number;

  /** @param startMs  when the evaluation began, since 1970 */
  constructor(recorder: Recorder, world: World, startMs: number) {
    this.#recorder = recorder;
    const seen = recorder.seen();
    this.#objects = `${textToBytes(world.home)}/store/`;
    const isOutside = ({ path }: { readonly path: Bytes }): boolean => this.#isOutside(path);
    this.#seen = {
      ...seen,
      files: seen.files.filter(isOutside),
      folders: seen.folders.filter(isOutside),
      sources: seen.sources.filter(isOutside),
    };
    this.#world = world;
    this.#startMs = startMs;
  }

  /** Cost: a system call for each path. */
  get hasChanged(): boolean {
    const { isTrue, doubtfulSources } = stillTrue(this.#seen, this.#world);
    return (
      !isTrue ||
      doubtfulSources.some((source) => this.#isOther(source)) ||
      [...this.#recorder.unread].some(([path, state]) => unreadState(path) !== state || this.#wasWritten(fileState(path, true)))
    );
  }

  /** What was read, listed, put into the store, or could not be. */
  get content(): Set<Bytes> {
    const { files, folders, sources } = this.#seen;
    return new Set([
      ...files.map(({ path }) => path),
      ...folders.map(({ path }) => path),
      ...sources.flatMap(({ path, entries }) => entries.map(([relative]) => (relative === '' ? path : `${path}/${relative}`))),
      ...this.#recorder.unread.keys(),
    ]);
  }

  /** And what was looked for, or stands on the way there: folders and links. */
  get paths(): Set<Bytes> {
    const { kinds, realPaths, existing } = this.#seen;
    const lookedFor = [...[...kinds, ...existing].map(([path]) => path), ...realPaths.flat()];
    return new Set([...this.content, ...lookedFor.filter((path) => this.#isOutside(path))]);
  }

  /** Those that may get other entries: they were listed, or put into the store. */
  get folders(): Bytes[] {
    const { folders, sources } = this.#seen;
    const ofSources = sources.flatMap(({ path, entries }) =>
      entries.flatMap(([relative, kind]) => (kind !== 'directory' ? [] : relative === '' ? path : `${path}/${relative}`)),
    );
    return [...folders.map(({ path }) => path), ...ofSources];
  }

  #isOutside(path: Bytes): boolean {
    return !path.startsWith(this.#objects);
  }

  #isOther({ path, entries }: SourceSeen): boolean {
    return entries.some(([relative, , state, isTaken]) => {
      if (!isTaken) return false;
      const place = relative === '' ? path : `${path}/${relative}`;
      const now = fileState(place, false);
      if (state !== '') return now?.text !== state;
      return now === undefined || now.text !== this.#recorder.fresh.get(place) || this.#wasWritten(now);
    });
  }

  /**
   * Since evaluation began, perhaps after it was looked at, within a tick of the clock. Not in the future: there a clock was set back, or is
   * another machine's, and it would stay so.
   */
  #wasWritten(state: FileState | undefined): boolean {
    return state !== undefined && state.changedMs >= this.#startMs - TICK_MS && state.changedMs <= Date.now() + TICK_MS;
  }
}
