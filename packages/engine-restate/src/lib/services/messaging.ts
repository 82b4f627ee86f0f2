import { type Json, toJson } from '@loopwright/protocol';
import type { Context, Serde } from '@restatedev/restate-sdk';
import type { Address } from '../restate-client.ts';

const json: Serde<Json> = {
  contentType: 'application/json',
  serialize: (value) => new TextEncoder().encode(JSON.stringify(value)),
  deserialize: (data) => (data.length === 0 ? null : (JSON.parse(new TextDecoder().decode(data)) as Json)),
};

/** Sends a message that Restate delivers once this handler's place in its log is durable; `delayMs` from now. */
export function send(context: Context, { service, key, handler }: Address, message: unknown, delayMs = 0): void {
  context.genericSend({
    service,
    method: handler,
    parameter: toJson(message),
    inputSerde: json,
    ...(key === undefined ? {} : { key }),
    ...(delayMs === 0 ? {} : { delay: delayMs }),
  });
}

/** Calls another handler and waits for what it gives. */
export function ask(context: Context, { service, key, handler }: Address, message: unknown): PromiseLike<Json> {
  return context.genericCall({
    service,
    method: handler,
    parameter: toJson(message),
    inputSerde: json,
    outputSerde: json,
    ...(key === undefined ? {} : { key }),
  });
}
