export type { NewRun } from './lib/runs.ts';
export { Client, type ClientOptions, type Keyed } from './lib/client.ts';
