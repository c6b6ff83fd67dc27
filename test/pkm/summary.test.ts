/** The line that a generation gets: what changed in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summaryOf } from '../../pkm/summary.ts';
import { Sandbox } from './support.ts';

test('verbs in their order, versions, and not more than five names', () => {
  assert.equal(
    summaryOf([
      { name: 'a', action: 'upgrade', from: '1.0', to: '2.0' },
      { name: 'b', action: 'install', to: '1.0' },
      { name: 'c', action: 'renew', from: '1.0', to: '1.0' },
      { name: 'd', action: 'downgrade', from: '1.0', to: '0.9' },
      { name: 'e', action: 'supersede', from: '1.0', by: 'b' },
      { name: 'f', action: 'remove', from: '3' },
    ]),
    'install b 1.0; upgrade a 1.0 -> 2.0; downgrade d 1.0 -> 0.9; renew c 1.0; supersede e 1.0 and 1 more',
  );
  assert.equal(summaryOf([]), '');
});

test('a generation tells what an upgrade changed, not all that the tree has', (t) => {
  const box = new Sandbox(t);
  using root = box.open();
  root.install([box.image('a 1.0', { 'usr/a': '1' }), box.image('b 1.0', { 'usr/b': '1' })]);
  root.install([box.image('a 1.0', { 'usr/a': '1' }), box.image('b 2.0', { 'usr/b': '2' })]);
  assert.deepEqual(
    root.generations().map(({ summary }) => summary),
    ['empty', 'install a 1.0, b 1.0', 'upgrade b 1.0 -> 2.0'],
  );
});
