import { Redactor } from '@loopwright/module-sdk';
import type { Clock } from '@loopwright/protocol';
import type { ModuleLogEntry } from '../module-spec.ts';
import { ModuleLog } from './module-log.ts';

/** All that is written about one module and by it, without the secrets that it was given. */
export class ModuleVoice {
  readonly log: ModuleLog;
  readonly redactor: Redactor = new Redactor();
  readonly #module: string;
  readonly #out: (entry: ModuleLogEntry) => void;

  constructor(module: string, { clock, out }: { readonly clock: Clock; readonly out: (entry: ModuleLogEntry) => void }) {
    this.#module = module;
    this.#out = out;
    this.log = new ModuleLog(clock);
  }

  /** What the supervisor has to say. */
  say(level: ModuleLogEntry['level'], text: string): void {
    this.tell({ source: 'supervisor', level, text });
  }

  tell({ text, ...rest }: Omit<ModuleLogEntry, 'module'>): void {
    const entry = { ...rest, text: this.redactor.redact(text) };
    this.log.add(entry);
    this.#out({ ...entry, module: this.#module });
  }
}
