import type { AnalyticsFigures, ExecutionRecord } from '@loopwright/protocol';
import { parseRecord } from './record-line.ts';

const bytesOf = (text: string): readonly number[] => [...Buffer.from(text)];
const LINE_FEED = 10;
const BRACE = 125;
const START = bytesOf('{"executed_at":"');
const TIME_BYTES = '2026-03-10T12:00:00.000Z'.length;
const AFTER_TIME = bytesOf('","status":"');
const SUCCESS = bytesOf('success","latency_ms":');
const ERROR = bytesOf('error","latency_ms":');
const TIMEOUT = bytesOf('timeout","latency_ms":');
const AFTER_LATENCY = bytesOf(',"sampled_for_validation":');
const TRUE = bytesOf('true,');
const FALSE = bytesOf('false,');

/** The exact figures of a day: reads every record, but of those that were written here only the first bytes. */
export class FiguresScan {
  #total = 0;
  #successful = 0;
  #sampled = 0;
  #sum = 0;
  #count = 0;
  /** Latencies are whole microseconds, so that there are few different ones. */
  readonly #latencies = new Map<number, number>();
  #rest: Buffer[] = [];

  /** Takes the next bytes of a file of lines. */
  feed(chunk: Buffer): void {
    let from = 0;
    if (this.#rest.length > 0) {
      const end = chunk.indexOf(LINE_FEED);
      if (end === -1) {
        this.#rest.push(Buffer.from(chunk));
        return;
      }
      const line = Buffer.concat([...this.#rest, chunk.subarray(0, end)]);
      this.#rest = [];
      this.#scan(line, 0, line.length);
      from = end + 1;
    }
    for (let end = chunk.indexOf(LINE_FEED, from); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      this.#scan(chunk, from, end);
      from = end + 1;
    }
    // The chunk may be used again by whoever gave it.
    if (from < chunk.length) this.#rest.push(Buffer.from(chunk.subarray(from)));
  }

  /** A file has ended: what follows its last line feed is no record. */
  endFile(): void {
    this.#rest = [];
  }

  summary(): AnalyticsFigures {
    const sorted = [...this.#latencies].sort(([one], [other]) => one - other);
    const share = (count: number): number => (this.#total === 0 ? 0 : count / this.#total);
    const quantile = (p: number): number => {
      let left = Math.trunc(this.#count * p);
      return sorted.find(([, times]) => (left -= times) < 0)?.[0] ?? 0;
    };
    return {
      total_executions: this.#total,
      successful_executions: this.#successful,
      failed_executions: this.#total - this.#successful,
      success_rate: share(this.#successful),
      sampled_count: this.#sampled,
      sampling_rate: share(this.#sampled),
      avg_latency_ms: this.#count === 0 ? 0 : this.#sum / this.#count,
      p50_latency_ms: quantile(0.5),
      p99_latency_ms: quantile(0.99),
    };
  }

  #scan(bytes: Buffer, start: number, end: number): void {
    if (this.#scanHead(bytes, start, end)) return;
    const record = parseRecord(bytes.toString('utf8', start, end));
    if (record !== undefined) this.#add(record.status === 'success', record.latency_ms, record.sampled_for_validation);
  }

  /** Reads the head that `recordLine` writes; `false` for any other line. */
  #scanHead(bytes: Buffer, start: number, end: number): boolean {
    if (bytes[end - 1] !== BRACE || !isAt(bytes, start, START)) return false;
    let at = start + START.length + TIME_BYTES;
    if (!isAt(bytes, at, AFTER_TIME)) return false;
    at += AFTER_TIME.length;
    const isSuccess = isAt(bytes, at, SUCCESS);
    if (isSuccess) at += SUCCESS.length;
    else if (isAt(bytes, at, ERROR)) at += ERROR.length;
    else if (isAt(bytes, at, TIMEOUT)) at += TIMEOUT.length;
    else return false;
    // A plain decimal number; any other form is left to the parser.
    const numberAt = at;
    let digits = 0;
    let scale = 0;
    for (; ; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte >= 48 && byte <= 57) {
        digits = digits * 10 + (byte - 48);
        scale *= 10;
      } else if (byte === 46 && scale === 0) scale = 1;
      else break;
    }
    if (at === numberAt || digits > Number.MAX_SAFE_INTEGER || !isAt(bytes, at, AFTER_LATENCY)) return false;
    at += AFTER_LATENCY.length;
    const isSampled = isAt(bytes, at, TRUE);
    if (!isSampled && !isAt(bytes, at, FALSE)) return false;
    this.#add(isSuccess, scale === 0 ? digits : digits / scale, isSampled);
    return true;
  }

  #add(isSuccess: boolean, latency: ExecutionRecord['latency_ms'], isSampled: boolean): void {
    this.#total += 1;
    if (isSampled) this.#sampled += 1;
    if (!isSuccess) return;
    this.#successful += 1;
    if (latency === null) return;
    this.#count += 1;
    this.#sum += latency;
    this.#latencies.set(latency, (this.#latencies.get(latency) ?? 0) + 1);
  }
}

function isAt(bytes: Buffer, at: number, expected: readonly number[]): boolean {
  for (let index = 0; index < expected.length; index += 1) if (bytes[at + index] !== expected[index]) return false;
  return true;
}
