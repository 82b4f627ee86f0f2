import type { FastifyBaseLogger } from 'fastify';
import { z } from 'zod';
import type { ModuleLogEntry } from './modules/module-spec.ts';

/** What modules write to standard error: JSON lines with a message. */
const lineSchema = z.looseObject({
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).catch('info'),
  msg: z.string(),
});

/** Takes the lines of modules into the server's own log; a JSON line keeps its level and its fields. */
export function moduleLog(log: FastifyBaseLogger): (entry: ModuleLogEntry) => void {
  return ({ module, source, level, text }) => {
    const line = lineSchema.safeParse(parseJson(text));
    if (!line.success) return log[level]({ module, source }, text);
    const { level: own, msg, time: _time, ...fields } = line.data;
    return log[own]({ ...fields, module, source }, msg);
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
