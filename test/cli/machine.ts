/** A root with a repository, and pkm for it: packages need not be built for that. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ours, Publisher } from '../pkm/repository-support.ts';
import { Sandbox } from '../pkm/support.ts';
import { runHere } from './in-process.ts';
import type { Run } from './programs.ts';

export class Machine {
  readonly box: Sandbox;
  readonly repository: Publisher;

  constructor(t: TestContext) {
    this.box = new Sandbox(t);
    this.repository = new Publisher(this.box);
  }

  pkm(...words: string[]): Promise<Run> {
    return runHere('pkm', [...words, '--root', this.box.root, '--home', join(this.box.base, 'home')]);
  }

  async done(...words: string[]): Promise<void> {
    const { status, stdout, stderr } = await this.pkm(...words);
    assert.equal(status, 0, stdout + stderr);
  }

  async shown(...words: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.pkm(...words);
    return `$ pkm ${words.join(' ')}\n${stdout}${stderr}[${status}]\n`;
  }

  async sync(): Promise<void> {
    await this.repository.publish();
    await this.box.do((root) => root.sync(this.repository.address, { keys: [ours.open] }));
  }

  /** A package of one file. */
  add = (about: string, more = {}): Promise<string> =>
    this.repository.add(about, { [`usr/share/${about.split(' ')[0]}`]: about }, more);
}
