import type { EngineAnswer, LoadOptions } from './engine.ts';

/** The payload of a `load`: how the program is run, and its code behind the first line. */
export function loadText(code: string, options: LoadOptions): string {
  return `${JSON.stringify(options)}\n${code}`;
}

/** Reads what {@link loadText} wrote; only the pool writes it. */
export function readLoad(payload: string): { code: string; options: LoadOptions } {
  const end = payload.indexOf('\n');
  return { options: JSON.parse(payload.slice(0, end)) as LoadOptions, code: payload.slice(end + 1) };
}

/** The payload of a failure: what the program had of a processor in microseconds, where it was told, and the message behind the first line. */
export function failureText({ message, cpuMs }: Exclude<EngineAnswer, { status: 'success' }>): string {
  return `${cpuMs === undefined ? '' : Math.round(cpuMs * 1000)}\n${message}`;
}

/** Reads what {@link failureText} wrote. Throws for anything else: the worker may be in the hands of a program. */
export function readFailure(payload: string): { message: string; cpuMs?: number } {
  const found = /^(\d{0,12})\n/u.exec(payload);
  if (found === null) throw new Error('a failure that cannot be read');
  const [line = '', micros = ''] = found;
  const message = payload.slice(line.length);
  return micros === '' ? { message } : { message, cpuMs: Number(micros) / 1000 };
}
