export type { ApiCall } from './lib/request.ts';
export type { AliasName, SeenAlias } from './lib/aliases.ts';
export type { NewRun } from './lib/runs.ts';
export { Client, type ClientOptions, type EventQuery, type Keyed } from './lib/client.ts';
export type { EventGap, StreamOptions } from './lib/events.ts';
