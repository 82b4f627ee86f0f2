// The thread in which examples are measured. It gets the task as worker data and posts the result.
import { parentPort, workerData } from 'node:worker_threads';
import { crossValidateBaselines, judgeBaselines } from './baselines.ts';
import { measureData } from './measure-data.ts';
import { measureShape } from './measure-shape.ts';
import type { AnalysisTask } from './run-analysis.ts';

const task = workerData as AnalysisTask;
const post = (result: unknown): void => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread has no origin
  parentPort?.postMessage(result);
};
if (task.kind === 'baselines') post(crossValidateBaselines(task.train, task.seed));
else if (task.kind === 'judged-baselines') post(judgeBaselines(task.train, task.holdout));
else if (task.kind === 'shape') post(measureShape(task.train));
else post(measureData(task));
