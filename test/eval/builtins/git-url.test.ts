/** Addresses of Git repositories, as people write them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textToBytes } from '../../../base/index.ts';
import { gitUrl } from '../../../eval/git/url.ts';

const urlOf = (given: string): string => gitUrl(textToBytes(given));

test('addresses as scp takes them, and paths, become URLs', () => {
  const cases = {
    'me@forge.example:team/tool.git': 'ssh://me@forge.example/team/tool.git',
    'forge:/srv/tool': 'ssh://forge/srv/tool',
    'forge:tool': 'ssh://forge/tool',
    'forge:~/tool': 'ssh://forge/~/tool',
    'me@10.0.0.7:/a:b/c': 'ssh://me@10.0.0.7/a%3Ab/c',
    'me@[fe80::1]:~/tool': 'ssh://me@[fe80::1]/~/tool',
    '[::1]:22/tool': 'ssh://[::1]/22/tool',
    'forge:/a b%20': 'ssh://forge/a%20b%2520',
    '/srv/a b': 'file:///srv/a%20b',
    'file:/srv/tool': 'file:///srv/tool',
    'git+ssh://me@forge/tool': 'ssh://me@forge/tool',
    'https://forge.example/tool': 'https://forge.example/tool',
  };
  for (const [given, url] of Object.entries(cases)) assert.equal(urlOf(given), url, given);
});

test('what no repository stands at is refused, and so is what Git or ssh would run', () => {
  const refused = [
    'tool',
    './tool:x',
    'forge:',
    ':/tool',
    'ext::sh -c true',
    'file::/srv',
    '-oProxyCommand=true:/tool',
    'ssh://-oProxyCommand=true/tool',
    '[forge]:/tool',
    'me@[::1]x:/tool',
    'https:/forge/tool',
    'git+https:forge/tool',
    'ftp:/tool',
  ];
  for (const given of refused) assert.throws(() => urlOf(given), /is not the URL of a Git repository/, given);
});
