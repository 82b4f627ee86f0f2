import type { ReactElement, ReactNode } from 'react';
import './table.css';

/** The head of a column: its text; with a class, such as `end` for numbers, which its cells have too. */
export type Head = string | { readonly text: string; readonly className: string };

/** A small table that scrolls by itself where it is too wide, by keyboard too. Its rows are `children`. */
export function ScrollTable({
  label,
  heads,
  look = 'table-scroll',
  children,
}: {
  /** What a screen reader calls it. */
  label: string;
  heads: readonly Head[];
  look?: string;
  children: ReactNode;
}): ReactElement {
  return (
    // Keyboards scroll what has the focus.
    <div className={look} tabIndex={0} role="region" aria-label={label}>
      <table className="table figures">
        <caption className="visually-hidden">{label}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th
                key={typeof head === 'string' ? head : head.text}
                scope="col"
                className={typeof head === 'string' ? undefined : head.className}
              >
                {typeof head === 'string' ? head : head.text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** Heads above numbers, which stand at the end of their cells. */
export function endHeads(...texts: readonly string[]): readonly Head[] {
  return texts.map((text) => ({ text, className: 'end' }));
}
