import { StreamTransport } from './stream-transport.ts';
import type { Transport } from './transport.ts';

/**
 * The standard streams of this process as the way to its orchestrator. From then on standard output belongs to the protocol: what anybody else in this process
 * writes there, a `console.log` above all, goes to standard error. What a child process with an inherited standard output writes there cannot be turned; the
 * orchestrator reads it as noise, line by line.
 */
export function standardStreams(): Transport {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return new StreamTransport({ input: process.stdin, output: process.stdout, write: (text) => write(text) });
}
