// C1. Nothing that the other side writes ends the channel or throws here; it is reported, at most 100 times a second.
// C2. Messages are taken in the order in which they came. What comes faster than the limit waits in the pipe and is not lost.
import {
  type Clock,
  messageOf,
  MODULE_MESSAGES_PER_SECOND,
  MODULE_PROTOCOL_VERSION,
  type ModuleMessage,
  type ModuleMessageLine,
  type OrchestratorMessage,
  type OrchestratorMessageLine,
  type ReadMessage,
  readModuleMessage,
  readOrchestratorMessage,
} from '@loopwright/protocol';
import type { Transport } from '../transport/transport.ts';
import { limitReports, type OnReport, REPORT_TEXT_LIMIT } from './report.ts';

/** What a {@link ModuleChannel} works with. */
interface ChannelOptions<Received> {
  readonly transport: Transport;
  readonly read: (line: string) => ReadMessage<Received>;
  readonly clock: Clock;
  readonly onReport: OnReport;
  /** @default {@link MODULE_MESSAGES_PER_SECOND} */
  readonly messagesPerSecond?: number;
}

type Take<Received, Op> = (message: Extract<Received, { readonly op: Op }>) => void;

/** The messages of one module and its orchestrator over a {@link Transport}, seen from one side. */
export class ModuleChannel<Received extends { readonly op: string }, Sent extends { readonly op: string }> {
  readonly #options: ChannelOptions<Received>;
  readonly #takers = new Map<string, (message: never) => void>();
  readonly #closers = new Set<() => void>();
  readonly #report: OnReport;
  #second = 0;
  #inSecond = 0;
  #isClosed = false;
  #version = 1;

  constructor(options: ChannelOptions<Received>) {
    this.#options = options;
    this.#report = limitReports(options.onReport, () => options.clock.now());
  }

  /** The version that both sides speak; 1 until the other side has said more. */
  get version(): number {
    return this.#version;
  }

  /** Keeps what the other side says that it speaks. */
  setPeerVersion(version: number): void {
    this.#version = Math.min(version, MODULE_PROTOCOL_VERSION);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Gives all messages of one kind to `take`; one taker a kind. */
  on<const Op extends Received['op']>(op: Op, take: Take<Received, Op>): void {
    if (this.#takers.has(op)) throw new RangeError(`Cannot take the messages "${op}": they are taken already`);
    this.#takers.set(op, take);
  }

  /** Calls `run` once when the channel has ended; at once when it has. The returned function takes that back. */
  onClose(run: () => void): () => void {
    if (this.#isClosed) run();
    else this.#closers.add(run);
    return () => this.#closers.delete(run);
  }

  /** Begins to read. Takers that are set up in the same turn miss nothing. */
  start(): void {
    this.#options.transport.start(this.receiver());
  }

  /** What the transport is to be started with, by who reads its first line otherwise. */
  receiver(): { line(text: string): void; tooLong(): void; end(error?: Error): void } {
    return {
      line: (text) => this.#take(text),
      tooLong: () => this.#report({ kind: 'too_long', text: 'a line over the limit was left out' }),
      end: (error) => {
        if (error !== undefined) this.#report({ kind: 'failed', text: error.message });
        this.#isClosed = true;
        for (const run of this.#closers) run();
        this.#closers.clear();
      },
    };
  }

  /** Sends a message; gives `false` when more waits than should, see {@link ModuleChannel.drained}. Does nothing after the end. */
  send(message: Sent): boolean {
    return this.#options.transport.send(JSON.stringify(message));
  }

  /** As {@link ModuleChannel.send}, with a field more that holds base64: such a text needs no escapes, and looking for them takes longer than all the rest. */
  sendWithBase64(message: { readonly op: Sent['op'] }, field: 'body' | 'data', base64: string): boolean {
    return this.#options.transport.send(`${JSON.stringify(message).slice(0, -1)},"${field}":"${base64}"}`);
  }

  drained(): Promise<void> {
    return this.#options.transport.drained();
  }

  /** Bytes that were given to it and that the other side has not read. */
  get waitingBytes(): number {
    return this.#options.transport.waitingBytes;
  }

  /** Reports a message that belongs to nothing. */
  reportUnexpected(text: string): void {
    this.#report({ kind: 'unexpected', text });
  }

  /** Sends what was given to it, then closes; see {@link Transport.close}. */
  close(): Promise<void> {
    return this.#options.transport.close();
  }

  #take(line: string): void {
    this.#limitRate();
    const read = this.#options.read(line);
    switch (read.kind) {
      case 'message':
        return this.#give(read.message);
      case 'noise':
        return line.trim() === '' ? undefined : this.#report({ kind: 'noise', text: line.slice(0, REPORT_TEXT_LIMIT) });
      case 'unknown_op':
        return this.#report({ kind: 'unknown_op', text: `the op "${read.op}" is not known` });
      case 'malformed':
        return this.#report({ kind: 'malformed', text: `"${read.op}" is wrong in ${read.issues}` });
      case 'too_deep':
        return this.#report({ kind: 'too_deep', text: 'a message is nested too deep' });
    }
  }

  #give(message: Received): void {
    const take = this.#takers.get(message.op) as ((message: Received) => void) | undefined;
    if (take === undefined) return this.#report({ kind: 'unexpected', text: `nobody takes "${message.op}"` });
    try {
      take(message);
    } catch (error) {
      this.#report({ kind: 'failed', text: `"${message.op}" cannot be taken: ${messageOf(error)}` });
    }
    return undefined;
  }

  /** Counts by the second: beyond the limit nothing is read until the next one begins. */
  #limitRate(): void {
    const { clock, messagesPerSecond = MODULE_MESSAGES_PER_SECOND, transport } = this.#options;
    const now = clock.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) [this.#second, this.#inSecond] = [second, 0];
    this.#inSecond += 1;
    if (this.#inSecond !== messagesPerSecond) return;
    transport.pause();
    clock.schedule(1000 - (now % 1000), () => transport.resume());
  }
}

/** The orchestrator's side. */
export type OrchestratorChannel = ModuleChannel<ModuleMessage, OrchestratorMessageLine>;
/** The module's side. */
export type ModuleSideChannel = ModuleChannel<OrchestratorMessage, ModuleMessageLine>;

type Around = Omit<ChannelOptions<never>, 'read'>;

/** A channel as the orchestrator sees it. */
export function orchestratorChannel(around: Around): OrchestratorChannel {
  return new ModuleChannel({ ...around, read: readModuleMessage });
}

/** A channel as the module sees it. */
export function moduleChannel(around: Around): ModuleSideChannel {
  return new ModuleChannel({ ...around, read: readOrchestratorMessage });
}
