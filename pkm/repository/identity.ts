/**
 * What a repository calls itself in its signed index. Without it, who serves two repositories that one key signs could hand out the index
 * of the one for that of the other.
 */
/** What a repository may call itself. */
const IDENTITY = /^[A-Za-z0-9][A-Za-z0-9._:/+~-]{0,127}$/;

/** The same for people. */
export const IDENTITY_WORDS = 'letters, digits and . _ : / + ~ - only, at most 128, beginning with a letter or digit';

/** Also none at all. */
export const isIdentity = (text: string): boolean => text === '' || IDENTITY.test(text);
