/** What everything in the store has. */

/** Modification time, in seconds since 1970: 0 confuses tools that take it for "never". */
export const canonicalMtimeSeconds = 1;
export const fileMode: number = 0o444;
export const executableMode = 0o555;
export const directoryMode = 0o555;
