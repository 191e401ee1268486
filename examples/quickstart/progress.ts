// Shows how far the run is: a bar on a terminal, a plain line every other second anywhere else.
import { SingleBar } from "cli-progress";

export interface Progress {
  increment(by: number): void;
  stop(): void;
}

export function startProgress(total: number, stream: NodeJS.WriteStream): Progress {
  const bar = new SingleBar({
    stream,
    format: stream.isTTY
      ? "{bar} {percentage} % | {value} of {total} mails | {duration_formatted}"
      : "{value} of {total} mails",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    gracefulExit: false, // start.ts answers Ctrl-C
    noTTYOutput: true,
    notTTYSchedule: 2000,
  });
  bar.start(total, 0);
  return { increment: (by) => bar.increment(by), stop: () => bar.stop() };
}
