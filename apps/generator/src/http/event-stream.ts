import type { Clock, GenerationEvent } from '@loopwright/protocol';
import type { FastifyReply } from 'fastify';
import type { EventLog } from '../executions/event-log.ts';
import { SERVICE_LIMITS } from '../limits.ts';

/** One stream of server-sent events to one reader. What the reader does not take ends the stream; it can go on with `Last-Event-ID`. */
export class EventStream {
  readonly #reply: FastifyReply;
  readonly #clock: Clock;
  readonly #executionId: string;
  #stopHeartbeat: () => void = () => undefined;
  #stopListening: () => void = () => undefined;
  #lastEventId: string;

  /** Opens the stream; from here on nothing else can be answered. */
  constructor(reply: FastifyReply, options: { clock: Clock; executionId: string; lastEventId: string }) {
    this.#reply = reply;
    this.#clock = options.clock;
    this.#executionId = options.executionId;
    this.#lastEventId = options.lastEventId;
    reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    reply.raw.write('retry: 1000\n\n');
    reply.raw.on('close', () => this.#stop());
    reply.raw.on('error', () => undefined);
    this.#beat();
  }

  /**
   * Sends what the log holds behind the last event that the reader has, and what comes; resolves when the log has ended or the reader is gone.
   * Events for which `leaveOut` is true are not sent.
   */
  async follow(log: EventLog, leaveOut: (event: GenerationEvent) => boolean = () => false): Promise<void> {
    await new Promise<void>((resolve) => {
      const send = (): void => {
        const { events, missed } = log.after(this.#lastEventId);
        if (missed > 0 && this.#lastEventId !== '') this.#warn(missed);
        for (const event of events) {
          this.#lastEventId = event.id;
          if (!leaveOut(event)) this.send(event);
        }
        if (log.isEnded || this.#reply.raw.destroyed) resolve();
      };
      this.#stopListening = log.listen(send);
      this.#reply.raw.on('close', resolve);
      send();
    });
    this.#stopListening();
  }

  /** Sends one event, under the id of the execution that is read. */
  send(event: GenerationEvent): void {
    const { raw } = this.#reply;
    if (raw.destroyed || raw.writableEnded) return;
    const data = JSON.stringify({ ...event, execution_id: this.#executionId });
    raw.write(`id: ${event.id}\nevent: ${event.event_type}\ndata: ${data}\n\n`);
    if (raw.writableLength > SERVICE_LIMITS.unreadBytes + data.length) raw.destroy();
  }

  /** Ends the stream behind what was sent. */
  end(): void {
    this.#stop();
    this.#reply.raw.end();
  }

  #warn(missed: number): void {
    const { raw } = this.#reply;
    raw.write(`: ${missed} events are not kept any more\n\n`);
  }

  #beat(): void {
    this.#stopHeartbeat = this.#clock.schedule(SERVICE_LIMITS.heartbeatMs, () => {
      this.#reply.raw.write(': still here\n\n');
      this.#beat();
    });
  }

  #stop(): void {
    this.#stopHeartbeat();
    this.#stopListening();
  }
}
