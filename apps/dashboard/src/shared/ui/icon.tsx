import type { ReactElement } from 'react';

/** Paths on a grid of 16, drawn with lines. */
const PATHS = {
  check: 'M3 8.5l3.2 3L13 4.5',
  close: 'M4 4l8 8M12 4l-8 8',
  clock: 'M8 4.5V8l2.5 1.5M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  failed: 'M8 5v3.5M8 11h.01M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  pause: 'M6 4v8M10 4v8',
  play: 'M5 3.5v9l7-4.5z',
  person: 'M8 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM3 13.5c.6-2.4 2.5-3.5 5-3.5s4.4 1.1 5 3.5',
  skip: 'M4 4l5 4-5 4zM12 4v8',
  stop: 'M4.5 4.5h7v7h-7z',
  warning: 'M8 6v3M8 11.4h.01M7.1 2.8L1.9 12a1 1 0 0 0 .9 1.5h10.4a1 1 0 0 0 .9-1.5L8.9 2.8a1 1 0 0 0-1.8 0z',
  circle: 'M8 13a5 5 0 1 0 0-10 5 5 0 0 0 0 10z',
  running: 'M13 8a5 5 0 1 1-2.5-4.3M13 2.5v3h-3',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM11 11l3 3',
  runs: 'M3 4h10M3 8h10M3 12h6',
  inbox: 'M2 9l2-6h8l2 6v4H2zM2 9h4l1 2h2l1-2h4',
  programs: 'M6 4L2 8l4 4M10 4l4 4-4 4',
  plus: 'M8 3v10M3 8h10',
  modules: 'M8 2l5 3v6l-5 3-5-3V5zM8 8l5-3M8 8v6M8 8L3 5',
  settings: 'M2.5 5h6M11.5 5h2M2.5 11h2M7.5 11h6M10 3.5v3M6 9.5v3',
  book: 'M3 3h4a1 1 0 0 1 1 1v9a1 1 0 0 0-1-1H3zM13 3H9a1 1 0 0 0-1 1v9a1 1 0 0 1 1-1h4z',
  down: 'M4 6l4 4 4-4',
  up: 'M4 10l4-4 4 4',
  copy: 'M6 6h7v7H6zM3 10V3h7',
  file: 'M4 2h5l3 3v9H4zM9 2v3h3',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  download: 'M8 2.5v7M5 7l3 3 3-3M3 13h10',
} as const;

/** A name of an icon. */
export type IconName = keyof typeof PATHS;

/** A small drawing beside a text that says the same: it is hidden from screen readers. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }): ReactElement {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
