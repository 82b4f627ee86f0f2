/** How a file of examples is sent, or why it cannot be. */
export type ExamplesFormat = { readonly contentType: string } | { readonly problem: string };

/** How a file is read by its first characters, and by its name where these say nothing. */
export function examplesFormat(name: string, head: string): ExamplesFormat {
  const text = head.replace(/^\uFEFF/, '').trimStart();
  if (text === '') return { problem: 'The file is empty.' };
  if (text.includes('\0')) return { problem: 'This is no text. Save the table as CSV, or write one JSON object a line.' };
  if (text.startsWith('['))
    return { problem: 'This is one JSON array. Write one object with "input" and "output" a line (JSON Lines), or CSV.' };
  const isLines = text.startsWith('{') || /\.(?:jsonl|ndjson|json)$/i.test(name);
  return { contentType: isLines ? 'application/x-ndjson' : 'text/csv' };
}
