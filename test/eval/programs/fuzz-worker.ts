/** A thread of the fuzz: a share of the programs. */
import { parentPort, workerData } from 'node:worker_threads';
import { fuzz, type Share } from './fuzz.ts';

parentPort!.postMessage(fuzz(workerData as Share));
