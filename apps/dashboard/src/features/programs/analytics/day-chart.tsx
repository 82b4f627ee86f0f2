import { type ReactElement, useId } from 'react';
import { niceTop, stretchesOf } from './day-series.ts';
import { ScrollTable, endHeads } from '../../../shared/ui/scroll-table.tsx';

/** One line or one part of the bars of a chart. */
export interface Series {
  readonly name: string;
  /** A value a day; `null`: there is none. */
  readonly values: readonly (number | null)[];
  readonly look: 'main' | 'second' | 'bad';
}

const WIDTH = 400;
const HEIGHT = 150;
const LEFT = 52;
const BOTTOM = 20;
const TOP = 8;

/** Figures by day as a drawing, and the same as a table for whoever reads tables. */
export function DayChart({
  title,
  days,
  series,
  kind,
  text,
  top,
}: {
  title: string;
  days: readonly string[];
  series: readonly Series[];
  /** Lines, or bars that stand on each other. */
  kind: 'lines' | 'bars';
  text: (value: number) => string;
  /** Of the axis; left out: what the values need. */
  top?: number;
}): ReactElement {
  const heading = useId();
  const sums = days.map((_, at) => series.map(({ values }) => values[at] ?? 0));
  const greatest = Math.max(0, ...sums.map((parts) => (kind === 'bars' ? parts.reduce((a, b) => a + b, 0) : Math.max(...parts))));
  const scale = { days: days.length, top: top ?? niceTop(greatest) };
  return (
    <figure className="card chart" aria-labelledby={heading}>
      <figcaption className="row">
        <h2 id={heading}>{title}</h2>
        <span className="grow" />
        {series.map(({ name, look }) => (
          <span key={name} className={`chart-key chart-${look}`}>
            {name}
          </span>
        ))}
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="chart-drawing" aria-hidden="true" focusable="false">
        <Grid top={scale.top} text={text} days={days} />
        {kind === 'bars' ? (
          <Bars series={series} {...scale} />
        ) : (
          series.map((one) => <Lines key={one.name} series={one} {...scale} />)
        )}
        {days.map((day, at) => (
          <rect
            key={day}
            x={xOf(at, days.length)}
            y={TOP}
            width={stepOf(days.length)}
            height={HEIGHT - TOP - BOTTOM}
            className="chart-hit"
          >
            <title>{[day, ...series.map(({ name, values }) => `${name}: ${shown(values[at], text)}`)].join('\n')}</title>
          </rect>
        ))}
      </svg>
      <details>
        <summary>As a table</summary>
        <ChartTable title={title} days={days} series={series} text={text} />
      </details>
    </figure>
  );
}

function shown(value: number | null | undefined, text: (value: number) => string): string {
  return value === null || value === undefined ? 'no request' : text(value);
}

const stepOf = (days: number): number => (WIDTH - LEFT) / days;
const xOf = (at: number, days: number): number => LEFT + at * stepOf(days);
const yOf = (value: number, top: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.min(1, value / top));

/** How many dates are written below a chart at the most. */
const DATES = 7;

function Grid({ top, text, days }: { top: number; text: (value: number) => string; days: readonly string[] }): ReactElement {
  const every = Math.ceil(days.length / DATES);
  return (
    <g className="chart-grid">
      {[0, 0.5, 1].map((share) => (
        <g key={share}>
          <line x1={LEFT} x2={WIDTH} y1={yOf(share * top, top)} y2={yOf(share * top, top)} />
          <text x={LEFT - 6} y={yOf(share * top, top) + 3.5} textAnchor="end">
            {share === 0 ? '0' : text(share * top)}
          </text>
        </g>
      ))}
      {days.map((day, at) =>
        at % every === 0 ? (
          <text key={day} x={xOf(at, days.length) + stepOf(days.length) / 2} y={HEIGHT - 5} textAnchor="middle">
            {day.slice(5)}
          </text>
        ) : null,
      )}
    </g>
  );
}

function Bars({ series, days, top }: { series: readonly Series[]; days: number; top: number }): ReactElement {
  const width = Math.max(1, stepOf(days) * 0.7);
  return (
    <>
      {Array.from({ length: days }, (_, at) => {
        let below = 0;
        return series.map(({ name, values, look }) => {
          const from = below;
          below += values[at] ?? 0;
          if (below === from) return null;
          const y = yOf(below, top);
          return (
            <rect
              key={`${name}-${at}`}
              className={`chart-bar chart-${look}`}
              x={xOf(at, days) + (stepOf(days) - width) / 2}
              y={y}
              width={width}
              height={Math.max(1, yOf(from, top) - y)}
            />
          );
        });
      })}
    </>
  );
}

function Lines({ series, days, top }: { series: Series; days: number; top: number }): ReactElement {
  return (
    <g className={`chart-line chart-${series.look}`}>
      {stretchesOf(series.values).map((stretch) => {
        const points = stretch.map(({ at, value }) => [xOf(at, days) + stepOf(days) / 2, yOf(value, top)] as const);
        const [first] = points;
        if (first === undefined) return null;
        return points.length === 1 ? (
          <circle key={first[0]} cx={first[0]} cy={first[1]} r={3} />
        ) : (
          <polyline key={first[0]} points={points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')} />
        );
      })}
    </g>
  );
}

function ChartTable({
  title,
  days,
  series,
  text,
}: {
  title: string;
  days: readonly string[];
  series: readonly Series[];
  text: (value: number) => string;
}): ReactElement {
  return (
    <ScrollTable
      label={`${title} by day`}
      heads={['Day', ...endHeads(...series.map(({ name }) => name))]}
      look="table-scroll chart-table"
    >
      {days.map((day, at) => (
        <tr key={day}>
          <th scope="row">{day}</th>
          {series.map(({ name, values }) => (
            <td key={name} className="end numeric">
              {shown(values[at], text)}
            </td>
          ))}
        </tr>
      ))}
    </ScrollTable>
  );
}
