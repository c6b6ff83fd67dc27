/** What a progress display shows, apart from how: built up from events, drawn by `plain.ts` or `live.ts`. */
import type { BuildEvent } from '../../builder/index.ts';
import type { BuildState } from './build-state.ts';

export interface Activity {
  readonly id: string;
  /** "building bash-5.2.15", "fetching hello-2.10.tar.gz". */
  readonly title: string;
  readonly startedMs: number;
  /** The phase or last line of output. */
  detail: string;
  doneBytes?: number;
  totalBytes?: number;
}

/** Where commands report long work. Every method is cheap; a display decides what it draws. */
export interface Progress {
  total(count: number): void;
  /** @param copyOf  the cache that the store path `id` is copied from */
  start(id: string, title: string, copyOf?: string): void;
  detail(id: string, text: string, bytes?: { done: number; total: number | undefined }): void;
  finish(id: string, outcome: 'done' | 'reused' | 'failed', note?: string): void;
  /** A line that stays. */
  note(text: string): void;
  /**
   * What a run of builds tells.
   *
   * @param state  of the run, with this event and maybe with later ones: a display may be loaded after the run began
   */
  build(event: BuildEvent, state: BuildState): void;
  stop(): void;
}

/** 83_000 → "1m23s"; under ten seconds with one decimal. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)}s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
  return `${Math.floor(seconds / 3600)}h${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')}m`;
}
