/** Billionths of a US dollar in one: amounts are whole numbers of them, because binary fractions cannot hold a cent. */
export const NANOS = 1_000_000_000;

/** The decimal text of an amount in billionths of a US dollar, as short as it can be. */
export function usdText(nanos: number): string {
  const sign = nanos < 0 ? '-' : '';
  const whole = Math.abs(nanos);
  const fraction = String(whole % NANOS)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${sign}${Math.floor(whole / NANOS)}${fraction === '' ? '' : `.${fraction}`}`;
}
