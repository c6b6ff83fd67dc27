/** Where bytes stop being UTF-8. */
import type { Bytes } from '../base/index.ts';

/** In the words of Nix's JSON library; `bytes` must not be UTF-8. */
export function invalidUtf8(bytes: Bytes): string {
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes.charCodeAt(at));
    for (let i = 0; i < Math.max(1, length); i++) {
      if (at + i === bytes.length) return `incomplete UTF-8 string; last byte: ${hex(bytes, at + i - 1)}`;
      const isFine = i === 0 ? length > 0 : isContinuation(bytes, at, i);
      if (!isFine) return `invalid UTF-8 byte at index ${at + i}: ${hex(bytes, at + i)}`;
    }
    at += length;
  }
  return 'invalid UTF-8';
}

/** Of the character that begins with this byte; 0 where none does. */
function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** No overlong forms, no surrogates, nothing past U+10FFFF: the second byte says so. */
function isContinuation(bytes: Bytes, start: number, offset: number): boolean {
  const byte = bytes.charCodeAt(start + offset);
  const lead = offset === 1 ? bytes.charCodeAt(start) : 0;
  const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return byte >= least && byte <= most;
}

const hex = (bytes: Bytes, at: number): string => `0x${bytes.charCodeAt(at).toString(16).toUpperCase().padStart(2, '0')}`;
