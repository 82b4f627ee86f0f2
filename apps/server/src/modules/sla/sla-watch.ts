import type { Clock } from '@loopwright/protocol';
import { type AlertThresholds, type AlertType, DEFAULT_ALERTS, DEFAULT_SLA, type Finding, findings, type Sla } from './judge.ts';
import { ModuleFigures } from './module-figures.ts';

/** What is wrong with a module, since when. */
export interface Alert extends Finding {
  readonly since: number;
}

/** What {@link SlaWatch} tells. */
export type AlertChange = { readonly kind: 'raised' | 'cleared' } & Alert;

/** A change in words. */
export function alertText({ kind, type, value, threshold }: AlertChange): string {
  return kind === 'cleared' ? `${type} is over` : `${type}: ${Math.round(value * 100) / 100}, where ${threshold} is the limit`;
}

/** What is promised of a module and when people are told; what is left out is as by default. */
export interface SlaConfig {
  readonly sla?: Partial<Sla>;
  readonly alerts?: Partial<AlertThresholds>;
}

/** Looks every five minutes whether something is wrong with one module. Each alert is told once when it begins and once when it is over. */
export class SlaWatch {
  readonly figures: ModuleFigures;
  readonly #clock: Clock;
  readonly #config: () => SlaConfig;
  readonly #onAlert: (change: AlertChange) => void;
  readonly #alerts = new Map<AlertType, Alert>();
  #cancel: (() => void) | undefined;

  constructor(
    clock: Clock,
    { config, onAlert }: { readonly config: () => SlaConfig; readonly onAlert: (change: AlertChange) => void },
  ) {
    this.figures = new ModuleFigures(clock);
    this.#clock = clock;
    this.#config = config;
    this.#onAlert = onAlert;
  }

  get sla(): Sla {
    return { ...DEFAULT_SLA, ...this.#config().sla };
  }

  /** What is wrong now, as of the last look. */
  get alerts(): readonly Alert[] {
    return [...this.#alerts.values()];
  }

  /** Begins to look; may be called again. */
  start(): void {
    if (this.#cancel === undefined) this.#later();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Looks once. */
  look(): void {
    const limits = this.#limits;
    const found = findings(this.figures.last(limits.everyMs), this.figures.last(2 * limits.everyMs, limits.everyMs), limits);
    for (const [type, alert] of this.#alerts) {
      if (found.some((one) => one.type === type)) continue;
      this.#alerts.delete(type);
      this.#onAlert({ kind: 'cleared', ...alert });
    }
    for (const finding of found) {
      const known = this.#alerts.get(finding.type);
      const alert = { ...finding, since: known?.since ?? this.#clock.now() };
      this.#alerts.set(finding.type, alert);
      if (known === undefined) this.#onAlert({ kind: 'raised', ...alert });
    }
  }

  get #limits(): AlertThresholds {
    return { ...DEFAULT_ALERTS, ...this.#config().alerts };
  }

  #later(): void {
    this.#cancel = this.#clock.schedule(this.#limits.everyMs, () => {
      this.look();
      this.#later();
    });
  }
}
