export { readLines } from './lib/lines.ts';
export { type RunningModule, runModule } from './lib/run-module.ts';
