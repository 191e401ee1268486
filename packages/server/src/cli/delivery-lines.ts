import type { DeliveryReport } from "../qstash-dev/index.ts";
import type { CliIo } from "./cli-io.ts";
import { elapsed } from "./elapsed-time.ts";
import { painter, singleLine, type TextStyle } from "./terminal-text.ts";

const SHORTEST_NAME = 16;
const LONGEST_NAME = 120;

const STYLES: Readonly<Record<DeliveryReport["outcome"], TextStyle>> = {
  delivered: "green",
  retry: "yellow",
  failed: "red",
  cancelled: "dim",
};

/** What the message is called: its label, else where it goes. */
function nameOf({ labels, url, kind }: DeliveryReport): string {
  const [label] = labels;
  // Without the query, where secrets are.
  const name = label ?? new URL(url).pathname;
  return singleLine(
    kind === "message" ? name : `${kind === "callback" ? "callback" : "failure callback"} ${name}`,
  );
}

function noteOf({ outcome, attempt, maxAttempts, nextAt, error }: DeliveryReport, now: number): string {
  const count =
    maxAttempts === 1 || (outcome === "delivered" && attempt === 1) ? "" : `${attempt} of ${maxAttempts}`;
  // In tenths of a second, so that the moment that has passed since does not make 11 s of 12.
  const next = nextAt === null ? "" : `next in ${elapsed(Math.ceil((nextAt - now) / 100) * 100)}`;
  const reason = error === null ? "" : singleLine(error.replace(/^connect /, ""), 60);
  const end = { delivered: "", retry: next, failed: "given up", cancelled: "cancelled" }[outcome];
  return [count, end, reason].filter((part) => part !== "").join(", ");
}

function timeOf(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** Prints one line per delivery: time, status, duration, what it was, and what follows; a terminal's line stays one. */
export function deliveryPrinter(io: CliIo): (report: DeliveryReport) => void {
  const paint = painter(io.stdout, io.env);
  return (report) => {
    const status = (report.status === null ? "---" : String(report.status)).padEnd(3);
    const took = elapsed(report.durationMs).padStart(6);
    const note = noteOf(report, Date.now());
    // When it ended, so that the times of the lines only go up.
    const time = timeOf(report.at + report.durationMs);
    const before = `${time}  ${status}  ${took}  `;
    const width = io.stdout.isTTY === true ? (io.stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
    const room = Math.max(width - before.length - (note === "" ? 0 : note.length + 2), SHORTEST_NAME);
    const name = singleLine(nameOf(report), Math.min(room, LONGEST_NAME));
    const rest = Math.max(width - before.length - name.length - 2, 0);
    const shownNote = note === "" ? "" : `  ${paint("dim", singleLine(note, rest))}`;
    const painted = `${paint("dim", time)}  ${paint(STYLES[report.outcome], status)}  ${took}  `;
    io.stdout.write(`${painted}${name}${shownNote}\n`);
  };
}
