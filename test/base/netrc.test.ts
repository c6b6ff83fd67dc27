/** Files of `.netrc`, read as curl reads them: what it sends for each was looked up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNetrc } from '../../base/netrc.ts';

const CASES: readonly (readonly [text: string, sent: string | undefined])[] = [
  ['machine h login a password b\n', 'a:b'],
  ['machine h\n  login a\n  password b', 'a:b'],
  ['machine\th\tpassword\tb\tlogin\ta\r\n', 'a:b'],
  ['machine x login q password r machine h login a password b', 'a:b'],
  ['machine h login a password b\nmachine h login c password d\n', 'a:b'],
  ['machine H account z login a password b\n', 'a:b'],
  ['machine h login machine password login\n', 'machine:login'],
  ['machine h login ä password ö\n', 'ä:ö'],
  ['machine h login a\n', 'a:'],
  ['machine h password b\n', ':b'],
  ['machine h login "" password ""\n', ':'],
  ['machine h\n', undefined],
  ['machine h.example login a password b\n', undefined],
  ['machine h login "a b" password "c\\"d\\n\\\\#"\n', 'a b:c"d\n\\#'],
  ['machine h login a"b password c"d\n', 'a"b:c"d'],
  ['# machine h login no password no\n  # nor this\nmachine h login a password b # nor that\n', 'a:b'],
  ['macdef init\nmachine h login no password no\n\nmachine h login a password b\n', 'a:b'],
  // Not as curl: it would be for every host.
  ['machine x login q password r\ndefault login d password e\n', undefined],
  ['machine', undefined],
  ['', undefined],
];

test('what stands in a file of .netrc for a host', () => {
  for (const [text, sent] of CASES) {
    const login = parseNetrc(text).get('h');
    assert.equal(login && `${login.user}:${login.password}`, sent, text);
  }
});
