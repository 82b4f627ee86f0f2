import { duplexPair } from 'node:stream';
import { StreamTransport } from './stream-transport.ts';
import type { Transport } from './transport.ts';

/** Two ends of a way inside this process, with the limits and the back-pressure of the others. */
export function memoryTransports({ limitBytes }: { readonly limitBytes?: number } = {}): [Transport, Transport] {
  const limit = limitBytes === undefined ? {} : { limitBytes };
  const [one, other] = duplexPair();
  return [
    new StreamTransport({ input: one, output: one, ...limit }),
    new StreamTransport({ input: other, output: other, ...limit }),
  ];
}
