export { Client, type ClientOptions, type Keyed } from './lib/client.ts';
