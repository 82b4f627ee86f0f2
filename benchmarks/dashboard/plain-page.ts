import { once } from 'node:events';
import { type IncomingMessage, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of pages without a framework: what this machine and its browser can do at the best. */
export interface PlainPages extends AsyncDisposable {
  /** A page with a table of so many rows. */
  urlOf(rows: number): string;
}

/** How large the part of the page is that scrolls, in pixels. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** Serves static tables that look much like the list: as many columns, rows as high, in a part that is as large and scrolls by itself. No script, no picture. */
export async function startPlainPages(extent: Extent): Promise<PlainPages> {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(pageOf(rowsAsked(request), extent));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (rows) => `http://127.0.0.1:${port}/${rows}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function rowsAsked({ url = '/0' }: IncomingMessage): number {
  return Number(url.slice(1)) || 0;
}

const HEADS = ['', 'Run', 'Status', 'Phase', 'Profile', 'Warnings', 'Changed', 'Created'];
const STYLE = `body { margin: 0; font: 13px sans-serif }
.table-scroll { overflow: auto; background: #fff; border: 1px solid #ccc }
table { width: 100%; table-layout: fixed; border-spacing: 0 }
tbody tr { height: 36px }
td { padding: 5px 12px; border-bottom: 1px solid #ccc; white-space: nowrap }`;

function pageOf(count: number, { width, height }: Extent): string {
  const rows = Array.from({ length: count }, (_, at) => {
    const cells = [
      '',
      `Copied ${at} ${(at * 7919).toString(16).padStart(8, '0')}`,
      'Completed',
      'Planning',
      'steps',
      '0',
      '1h ago',
      '2h ago',
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  const head = HEADS.map((text) => `<th>${text}</th>`).join('');
  return `<!doctype html><html lang="en"><title>Plain</title><style>${STYLE}</style>
<div class="table-scroll" style="width: ${width}px; height: ${height}px">
<table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div></html>`;
}
