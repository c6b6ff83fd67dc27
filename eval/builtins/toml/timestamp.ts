/** Dates and times of TOML, in the one spelling that Nix prints them in. */

import type { Attrs } from '../../attrs.ts';
import { attrsFromRecord } from '../../attrs.ts';
import { type Cursor, TomlError } from './cursor.ts';

const pattern =
  /(?:([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt ](?=[0-9]))?)?(?:(?<![0-9])([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))?)?/y;

/** Whether a date or a time begins here. */
export const isAtTimestamp = (cursor: Cursor): boolean =>
  /^(?:[0-9]{4}-[0-9]{2}-|[0-9]{2}:[0-9]{2})/.test(cursor.text.slice(cursor.at, cursor.at + 8));

/**
 * `{ _type = "timestamp"; value; }`: 'T' between date and time, fractions of a second in 3, 6 or 9 digits, offset zero as 'Z'.
 * @throws TomlError no such day or time
 */
export function readTimestamp(cursor: Cursor): Attrs {
  if (!cursor.hasTimestamps)
    throw new TomlError('write dates and times as strings', cursor.at, 'Dates and times are not supported');
  const start = cursor.at;
  const [text = '', year, month, day, hour, minute, second, fraction, zulu, sign, offsetHour, offsetMinute] =
    cursor.match(pattern) ?? [];
  const isOffset = zulu !== undefined || sign !== undefined;
  const isWhole = !/[A-Za-z0-9_+.:-]/.test(cursor.text.charAt(cursor.at)) && !/[Tt ]$/.test(text);
  const isValid =
    isWhole &&
    (year === undefined ? hour !== undefined && !isOffset : isDay(Number(year), Number(month), Number(day))) &&
    (hour === undefined || (Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60)) &&
    (sign === undefined || (Number(offsetHour) < 24 && Number(offsetMinute) < 60));
  if (!isValid) throw cursor.error('not a date or time', start);
  const date = year === undefined ? '' : `${year}-${month}-${day}`;
  const time = hour === undefined ? '' : `${hour}:${minute}:${second}${fractionText(fraction)}`;
  const isZero = offsetHour === '00' && offsetMinute === '00';
  const offset = !isOffset ? '' : sign === undefined || isZero ? 'Z' : `${sign}${offsetHour}:${offsetMinute}`;
  const separator = date !== '' && time !== '' ? 'T' : '';
  return attrsFromRecord({ _type: 'timestamp', value: `${date}${separator}${time}${offset}` });
}

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]!;
}

/** Nanoseconds; groups of three digits at the end that are zero are left out. */
function fractionText(fraction: string | undefined): string {
  const digits = (fraction ?? '')
    .slice(0, 9)
    .padEnd(9, '0')
    .replace(/(?:000)+$/, '');
  return digits === '' ? '' : `.${digits}`;
}
