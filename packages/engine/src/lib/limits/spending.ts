const NANOS = 1_000_000_000;

/** What a step has used: US dollars (a decimal text, or a number that is rounded up to a billionth) and tokens of models. */
export interface Spending {
  readonly costUsd?: string | number;
  readonly tokens?: number;
}

/** Adds up what one try of a step reports. */
export class SpendingMeter {
  #cost = 0;
  #tokens = 0;

  /** Billionths of a US dollar and tokens; nothing when none were reported. */
  get total(): { readonly cost: number; readonly tokens: number } | undefined {
    return this.#cost === 0 && this.#tokens === 0 ? undefined : { cost: this.#cost, tokens: this.#tokens };
  }

  readonly spend = ({ costUsd = 0, tokens = 0 }: Spending): void => {
    const cost = typeof costUsd === 'number' ? Math.ceil(costUsd * NANOS - 1e-6) : nanosOf(costUsd);
    if (!isAmount(cost)) throw new TypeError(`Cannot count what was spent: ${String(costUsd)} is no amount of US dollars`);
    if (!isAmount(tokens)) throw new TypeError(`Cannot count what was spent: ${tokens} is no number of tokens`);
    this.#cost += cost;
    this.#tokens += tokens;
  };
}

/** Billionths of a US dollar of a decimal text; NaN when it is none, or has more than nine decimals. */
export function nanosOf(usd: string): number {
  const [, whole = '', fraction = ''] = /^(\d{1,6})(?:\.(\d{1,9}))?$/.exec(usd) ?? [];
  return whole === '' ? NaN : Number(whole) * NANOS + Number(fraction.padEnd(9, '0'));
}

/** The shortest decimal text of an amount in billionths of a US dollar. */
export function usdText(nanos: number): string {
  const fraction = String(nanos % NANOS)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${Math.floor(nanos / NANOS)}${fraction === '' ? '' : `.${fraction}`}`;
}

function isAmount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
