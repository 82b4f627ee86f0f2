export { readLines } from './lib/lines.ts';
export { type RunningModule, runModule } from './lib/run-module.ts';
export { ModuleTrace, type ModuleTraceOptions, type OpenSpan } from './lib/module-trace.ts';
export { openModuleTrace } from './lib/open-module-trace.ts';
