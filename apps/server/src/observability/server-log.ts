import { type Logger, pino } from 'pino';
import { traceIdAtWork } from './tracing.ts';

/** Fields that may hold a secret, wherever they stand. */
const SECRET_FIELDS = ['authorization', 'cookie', 'set-cookie', 'x-csrf-token', 'auth_token', 'api_key', 'password', 'secret'];
/** Where secrets would stand in an entry; "[Redacted]" is written instead. */
export const SECRET_PATHS: readonly string[] = SECRET_FIELDS.flatMap((name) => [
  `["${name}"]`,
  `*["${name}"]`,
  `*.headers["${name}"]`,
]);

/** The log of the process: JSON lines on standard error, each with the trace that it belongs to, without secrets. */
export function serverLog(level: string): Logger {
  return pino({ level, redact: [...SECRET_PATHS], mixin: traceOfLine }, pino.destination({ fd: 2, sync: true }));
}

/** What each line says besides its own: the trace at work. */
export function traceOfLine(): object {
  const traceId = traceIdAtWork();
  return traceId === undefined ? {} : { trace_id: traceId };
}
