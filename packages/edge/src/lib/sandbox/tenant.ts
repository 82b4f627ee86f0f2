import { CallQueue } from './call-queue.ts';
import { PIPELINE_CALLS, PIPELINE_WORK_MS, STUCK_HEAD_MS } from './limits.ts';
import type { Call, WorkerProcess } from './worker-process.ts';

/** Those whose programs may see each other's traces: what of them waits, and the processes that run nothing else. */
export class Tenant {
  readonly name: string;
  readonly queue: CallQueue = new CallQueue();
  workers: WorkerProcess[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** Whether nobody would miss it. */
  get isGone(): boolean {
    return this.workers.length === 0 && this.queue.size === 0;
  }

  /** The first worker that comes to the call soon; `undefined` when all have enough to do. */
  pick(call: Call, now: number): WorkerProcess | undefined {
    return this.workers.find((worker) => hasRoom(worker, call, now));
  }
}

/** Whether a worker has been at its head call for longer than others should wait. */
export function isStuck(worker: WorkerProcess, now: number): boolean {
  return worker.depth > 0 && now - worker.headSince > STUCK_HEAD_MS;
}

function hasRoom(worker: WorkerProcess, call: Call, now: number): boolean {
  if (!worker.isReady) return false;
  if (worker.depth === 0) return true;
  if (call.isRequeued || worker.depth >= PIPELINE_CALLS || isStuck(worker, now)) return false;
  return worker.expectedMs + call.history.expectedMs <= PIPELINE_WORK_MS;
}
