/** Something on a channel that should not have been there. None of it ends the channel. */
export interface ChannelReport {
  readonly kind:
    /** A line that is no message: a stray `console.log`. */
    | 'noise'
    | 'unknown_op'
    | 'malformed'
    | 'too_deep'
    | 'too_long'
    /** A message that nobody here wants, or that belongs to nothing that is under way. */
    | 'unexpected'
    /** Taking a message failed here. */
    | 'failed';
  /** What it is; of noise the line itself, cut. Never values of a message. */
  readonly text: string;
}

/** Takes what is to report. Must not throw. */
export type OnReport = (report: ChannelReport) => void;

/** Characters of a noisy line that are reported. */
export const REPORT_TEXT_LIMIT = 2000;
/** Reports in one second; of the rest only the number is told. */
const REPORTS_PER_SECOND = 100;

/** Holds to a number of reports a second, whatever the other side writes. */
export function limitReports(onReport: OnReport, now: () => number): OnReport {
  let second = 0;
  let count = 0;
  return (report) => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      if (count > REPORTS_PER_SECOND)
        onReport({ kind: 'noise', text: `${count - REPORTS_PER_SECOND} more reports were left out` });
      [second, count] = [current, 0];
    }
    count += 1;
    if (count <= REPORTS_PER_SECOND) onReport(report);
  };
}
