// The thread in which one program is learned. It gets the task as worker data and posts progress and the result.
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '@loopwright/protocol';
import { induce } from '../induction/induce.ts';
import type { AgentMessage, AgentTask } from './run-agent.ts';

const post = (message: AgentMessage): void => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread has no origin
  parentPort?.postMessage(message);
};
const task = workerData as AgentTask;
const result = induce({ ...task, clock: systemClock, onProgress: (progress) => post({ kind: 'progress', progress }) });
post({ kind: 'result', result });
