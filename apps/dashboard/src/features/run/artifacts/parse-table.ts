/** A table that was read from a file. */
export interface ParsedTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Reads CSV (RFC 4180): quotes, doubled quotes in them, lines inside of them. The first record is the header. */
export function parseCsv(text: string): ParsedTable {
  const records: string[][] = [];
  let record: string[] = [];
  let field = '';
  let isQuoted = false;
  const endField = (): void => {
    record.push(field);
    field = '';
  };
  const endRecord = (): void => {
    endField();
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  };
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    if (isQuoted) {
      if (sign !== '"') field += sign;
      else if (text.charAt(at + 1) === '"') {
        field += '"';
        at += 1;
      } else isQuoted = false;
    } else if (sign === '"' && field === '') isQuoted = true;
    else if (sign === ',') endField();
    else if (sign === '\n') endRecord();
    else if (sign !== '\r') field += sign;
  }
  if (field !== '' || record.length > 0) endRecord();
  const [header = [], ...rows] = records;
  return { header, rows };
}

/** Reads JSON Lines of objects; nothing when a line is none. */
export function parseJsonLines(text: string): ParsedTable | undefined {
  try {
    const records = text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line): unknown => JSON.parse(line));
    const isRecord = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!records.every(isRecord)) return undefined;
    const header = [...new Set(records.flatMap((record) => Object.keys(record)))];
    const cell = (value: unknown): string =>
      value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
    return { header, rows: records.map((record) => header.map((name) => cell(Object(record)[name]))) };
  } catch {
    return undefined;
  }
}
