// Shows how far the run is: a bar on a terminal, a plain line every other second anywhere else.
import { SingleBar } from "cli-progress";

export interface Progress {
  count(how: "sent" | "failed"): void;
  /** Rows that are no mails after all. */
  leaveOut(rows: number): void;
  /** Says something above the bar. */
  say(line: string): void;
  stop(): void;
}

export function startProgress(total: number, stream: NodeJS.WriteStream): Progress {
  const counts = { sent: 0, failed: 0 };
  let mails = total;
  const bar = new SingleBar({
    stream,
    format: stream.isTTY
      ? "{bar} {percentage} % | {sent} sent, {failed} failed of {total} mails | {duration_formatted}"
      : "{sent} sent, {failed} failed of {total} mails",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    gracefulExit: false, // start.ts answers Ctrl-C
    noTTYOutput: true,
    notTTYSchedule: 2000,
  });
  bar.start(total, 0, counts);
  return {
    count: (how) => {
      counts[how] += 1;
      bar.increment(1, counts);
    },
    leaveOut: (rows) => {
      mails -= rows;
      bar.setTotal(mails);
    },
    say: (line) => {
      // The bar draws itself anew on the line below.
      stream.write(`${stream.isTTY ? "\r\u001b[K" : ""}${line}\n`);
    },
    stop: () => bar.stop(),
  };
}
