/** Names of the months, in the order of the year; three letters of them are enough. */
const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/**
 * Changes a piece of text: `lower`, `upper`, `title` (each word), `capital` (the first letter), `initial`, `digits` (all else away), `squeeze` (no blanks), `trim`,
 * `point` and `comma` (a number with that decimal sign, as `1234.5`), `fixed:2` (a number with two decimals), `pad:4` (zeros in front),
 * `date:DMY:YYYY-MM-DD` (a date read in that order, written so). `undefined` where the piece is no number or date.
 */
export function changeText(text: string, change: string): string | undefined {
  const [name, first = '', second = ''] = change.split(':');
  if (name === 'none') return text;
  if (name === 'lower') return text.toLowerCase();
  if (name === 'upper') return text.toUpperCase();
  if (name === 'capital') return text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();
  if (name === 'title') return text.toLowerCase().replace(/(?<![\p{L}\p{N}'’])\p{L}/gu, (letter) => letter.toUpperCase());
  if (name === 'initial') return /^./su.exec(text)?.[0];
  if (name === 'digits') return text.replace(/\P{Nd}/gu, '');
  if (name === 'squeeze') return text.replace(/\s/gu, '');
  if (name === 'trim') return text.trim();
  if (name === 'pad') return text.padStart(Number(first), '0');
  if (name === 'point' || name === 'comma') return plainNumber(text, name === 'comma');
  if (name === 'fixed') {
    const number = plainNumber(text, false);
    return number === undefined ? undefined : Number(number).toFixed(Number(first));
  }
  return writeDate(text, first, second);
}

/** A number without signs between its thousands, its decimals after a point. */
function plainNumber(text: string, isComma: boolean): string | undefined {
  const digits = text.replace(isComma ? /[.\s'’]/gu : /[,\s'’]/gu, '').replace(',', '.');
  return /^[-+]?\d{1,15}(?:\.\d{1,15})?$/u.test(digits) ? String(Number(digits)) : undefined;
}

/** Reads a date whose numbers stand in the order (`DMY`, `MDY`, `YMD`; a name of a month stands anywhere) and writes it by the pattern. */
function writeDate(text: string, order: string, pattern: string): string | undefined {
  const numbers = (text.match(/\d{1,4}/gu) ?? []).map(Number);
  const name = /\p{L}{3,9}/u.exec(text)?.[0].toLowerCase();
  const named =
    name === undefined
      ? -1
      : MONTHS.findIndex((month) => month.toLowerCase().startsWith(name) || name.startsWith(month.slice(0, 3).toLowerCase()));
  const letters = named === -1 ? order : order.replace('M', '');
  if (numbers.length !== letters.length) return undefined;
  const month = named === -1 ? (numbers[letters.indexOf('M')] ?? 0) : named + 1;
  const day = numbers[letters.indexOf('D')] ?? 0;
  const short = numbers[letters.indexOf('Y')] ?? 0;
  const year = short >= 100 ? short : short + (short < 70 ? 2000 : 1900);
  if (month < 1 || month > 12 || day < 1 || day > daysOf(month, year)) return undefined;
  const monthName = MONTHS[month - 1] ?? '';
  const two = (value: number): string => String(value).padStart(2, '0');
  const values: Record<string, string> = {
    YYYY: String(year).padStart(4, '0'),
    YY: two(year % 100),
    MMMM: monthName,
    MMM: monthName.slice(0, 3),
    MM: two(month),
    M: String(month),
    DD: two(day),
    D: String(day),
  };
  return pattern.replace(/YYYY|YY|M{1,4}|DD|D/gu, (part) => values[part] ?? part);
}

function daysOf(month: number, year: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
