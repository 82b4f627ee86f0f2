/** How a file of examples is sent, or why it cannot be. */
export type ExamplesFormat = { readonly contentType: string } | { readonly problem: string };

/** How a file is read by its first bytes, and by its name where these say nothing. */
export function examplesFormat(name: string, head: Uint8Array): ExamplesFormat {
  const [first = -1, second = -1, third = -1] = head;
  if (first === 0x50 && second === 0x4b && third === 3)
    return { problem: 'This is a workbook or an archive. Save its table as “CSV UTF-8” and drop that.' };
  // The mark at the beginning of UTF-16, or the zero in every other byte of Latin letters.
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isUtf16 || (second !== -1 && (first === 0) !== (second === 0)))
    return { problem: 'This is UTF-16 text. Save it as UTF-8 (“CSV UTF-8” in a spreadsheet) and drop that.' };
  const text = new TextDecoder().decode(head).trimStart();
  if (text === '') return { problem: 'The file is empty.' };
  if (text.includes('\0')) return { problem: 'This is no text. Save the table as CSV, or write one JSON object a line.' };
  if (text.startsWith('['))
    return { problem: 'This is one JSON array. Write one object with "input" and "output" a line (JSON Lines), or CSV.' };
  const isLines = text.startsWith('{') || /\.(?:jsonl|ndjson|json)$/i.test(name);
  return { contentType: isLines ? 'application/x-ndjson' : 'text/csv' };
}

/** What can be done about a reason that the server gave for not taking a file; nothing where the reason says it. */
export function adviceFor(reason: string): string | undefined {
  if (reason.includes('UTF-8')) return 'Save the file as UTF-8 (“CSV UTF-8” in a spreadsheet) and drop it again.';
  if (reason.includes('where commas')) return 'Save it with commas between the columns and drop it again.';
  return undefined;
}
