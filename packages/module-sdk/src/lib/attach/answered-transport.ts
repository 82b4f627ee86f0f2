import { moduleRefusalSchema } from '@loopwright/protocol';
import type { Receiver, Transport } from '../transport/transport.ts';

/** What the orchestrator says first. */
export interface FirstAnswer {
  readonly onRefused: (why: string) => void;
  /** Gets the first line when it is none. */
  readonly onAccepted?: (line: string) => void;
}

/** A transport whose first line is looked at: a refusal is its end. */
export function answeredTransport(transport: Transport, { onRefused, onAccepted }: FirstAnswer): Transport {
  const start = (receiver: Receiver): void => {
    let isFirst = true;
    transport.start({
      line: (text) => {
        const refusal = isFirst ? refusalOf(text) : undefined;
        if (isFirst && refusal === undefined) onAccepted?.(text);
        isFirst = false;
        if (refusal === undefined) return receiver.line(text);
        onRefused(refusal);
        return transport.abort();
      },
      tooLong: () => receiver.tooLong(),
      end: (error) => receiver.end(error),
    });
  };
  return {
    start,
    send: (line) => transport.send(line),
    get waitingBytes() {
      return transport.waitingBytes;
    },
    drained: () => transport.drained(),
    pause: () => transport.pause(),
    resume: () => transport.resume(),
    close: () => transport.close(),
    abort: () => transport.abort(),
  };
}

function refusalOf(line: string): string | undefined {
  if (!line.startsWith('{"refused"')) return undefined;
  try {
    return moduleRefusalSchema.safeParse(JSON.parse(line)).data?.refused;
  } catch {
    return undefined;
  }
}
