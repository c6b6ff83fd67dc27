/** What was read and is not done yet: the library does a message a turn of the event loop, and some take many turns. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Message, MessageStrategy } from 'vscode-languageserver-protocol/node';

/** So many turns without a message, and there is none. */
const QUIET_TURNS = 3;

export class WorkInHand implements MessageStrategy {
  #nBegun = 0;
  #nRunning = 0;

  /** Of the library: it is done when an answer is written. */
  async handleMessage(message: Message, next: (message: Message) => void | Promise<void>): Promise<void> {
    this.#nBegun++;
    this.#nRunning++;
    try {
      await next(message);
    } finally {
      this.#nRunning--;
    }
  }

  /** Waits until all is done that was read. */
  async done(): Promise<void> {
    for (let nQuiet = 0; nQuiet < QUIET_TURNS; ) {
      const before = this.#nBegun;
      await nextTurn();
      nQuiet = this.#nRunning === 0 && this.#nBegun === before ? nQuiet + 1 : 0;
    }
  }
}
